//! What is measured, for the exporter that the `metrics` crate was given.

use metrics::Label;

use super::families::{Family, Labels, Samples};

pub(crate) fn publish(families: &[Family]) {
    for Family { name, help, samples } in families {
        match samples {
            Samples::Counters(samples) => {
                metrics::describe_counter!(*name, *help);
                for (labels, count) in samples {
                    metrics::counter!(*name, labels_of(labels)).absolute(*count);
                }
            }
            Samples::Gauges(samples) => {
                metrics::describe_gauge!(*name, *help);
                for (labels, value) in samples {
                    metrics::gauge!(*name, labels_of(labels)).set(*value);
                }
            }
        }
    }
}

fn labels_of(labels: &Labels) -> Vec<Label> {
    labels.iter().map(|(name, value)| Label::new(*name, value.clone())).collect()
}
