//! The front ends: the words of a file format to the ir.

pub(crate) mod native;
