//! The strategies of a document, each compiled once for its parameters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::strategy::{Condition, Strategies};

/// Compiled strategies, by name and by parameters as JSON text.
#[derive(Clone, Default)]
pub(crate) struct Compiled {
    known: BTreeMap<(Box<str>, String), Arc<dyn Condition>>,
}

impl Compiled {
    /// Compiles one use, unless it was before.
    ///
    /// # Errors
    ///
    /// What the strategy says is wrong.
    pub(super) fn add(
        &mut self,
        strategies: &Strategies,
        name: &str,
        parameters: &serde_json::Value,
    ) -> Result<(), String> {
        let key = (Box::from(name), parameters.to_string());
        if self.known.contains_key(&key) {
            return Ok(());
        }
        if let Some(compiled) = strategies.compile(name, parameters) {
            self.known.insert(key, compiled?);
        }
        Ok(())
    }

    /// Takes over one use as it was compiled before, if it cannot be compiled now.
    pub(super) fn keep(
        &mut self,
        strategies: &Strategies,
        before: &Compiled,
        name: &str,
        parameters: &serde_json::Value,
    ) {
        if self.add(strategies, name, parameters).is_err() {
            if let Some(known) = before.find(name, parameters) {
                self.known.insert((Box::from(name), parameters.to_string()), known);
            }
        }
    }

    pub(super) fn find(
        &self,
        name: &str,
        parameters: &serde_json::Value,
    ) -> Option<Arc<dyn Condition>> {
        self.known.get(&(Box::from(name), parameters.to_string())).cloned()
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}
