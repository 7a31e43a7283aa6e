//! Keys that are made from the toggle file, so that neither can be without the other.
//!
//! `cargo run --example codegen`; in a service the module is committed, or made by a build script
//! that calls `hoist::codegen::module`.

mod flags;

use flags::{CHECKOUT_BUTTON, CheckoutButton, KEYS, NEW_CHECKOUT, PAGE_SIZE};
use hoist::{Context, Flags};

fn main() -> Result<(), hoist::Error> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/codegen/flags.yaml");
    let handle = Flags::builder().file(path).keys(KEYS).open()?;
    for ctx in [Context::new().region("nz"), Context::new().region("de").tenant("acme")] {
        let colour = match handle.value(&CHECKOUT_BUTTON, &ctx) {
            CheckoutButton::BrightGreen => "green",
            CheckoutButton::Control => "grey",
        };
        let pages = if handle.is_enabled(&NEW_CHECKOUT, &ctx) { "one page" } else { "three pages" };
        println!("{pages}, a {colour} button, {} items a page", handle.value(&PAGE_SIZE, &ctx));
    }
    Ok(())
}
