//! The JSON Schema of the format.

/// The JSON Schema (draft 7) of a toggle file, for editors and validators; what `hoist schema`
/// prints.
///
/// It knows the shape of a file and not its meaning: whether a flag or a variant that is named
/// exists, only [`check`](crate::check) can tell.
///
/// # Examples
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(hoist::SCHEMA)?;
/// assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
/// assert!(schema["properties"]["flags"].is_object());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const SCHEMA: &str = include_str!("../schema/hoist.schema.json");
