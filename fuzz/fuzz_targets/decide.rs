#![no_main]

#[path = "../bodies/mod.rs"]
mod bodies;
#[path = "../../tests/folder/mod.rs"]
mod folder;
#[path = "../../tests/naive/mod.rs"]
mod naive;
#[path = "../../tests/translate/mod.rs"]
mod translate;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bodies::decide(input));
