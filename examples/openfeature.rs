//! Toggle files behind the OpenFeature client.
//!
//! `cargo run --example openfeature --features openfeature`

use hoist::Snapshot;
use hoist::openfeature::Provider;
use open_feature::{EvaluationContext, OpenFeature, StructValue};

const TOGGLES: &str = r##"version: 1
flags:
  new-checkout:
    rules:
      - name: qa
        when: { header.x-new-checkout: "1" }
        request_targeting: allow
      - name: canary
        when: { region: [nz, au] }
        rollout: 50%
  button:
    variants: { control: grey, green: "#0a0" }
    rules: [{ name: pro, when: { attr.account.plan: pro }, serve: green }]
    default: control
  page-size: { default: { value: 20 } }
"##;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), hoist::Error> {
    let mut api = OpenFeature::singleton_mut().await;
    // A service gives it the live handle: `Provider::new(Flags::open("flags.yaml")?)`.
    api.set_provider(Provider::from(Snapshot::from_yaml(TOGGLES)?)).await;
    api.set_evaluation_context(EvaluationContext::default().with_custom_field("region", "nz"))
        .await;
    let client = api.create_client();

    let account = StructValue::default().with_field("plan", "pro");
    let contexts = [
        ("ada", EvaluationContext::default().with_targeting_key("ada")),
        ("grace", EvaluationContext::default().with_targeting_key("grace")),
        (
            "tess, with a header",
            EvaluationContext::default()
                .with_targeting_key("tess")
                .with_custom_field("header.x-new-checkout", 1),
        ),
        (
            "a pro",
            EvaluationContext::default().with_custom_field("account", std::sync::Arc::new(account)),
        ),
    ];
    for (who, context) in &contexts {
        println!("{who}");
        if let Ok(details) = client.get_bool_details("new-checkout", Some(context), None).await {
            let (reason, rule) = (details.reason.unwrap_or_default(), show(details.flag_metadata));
            println!("  new-checkout = {}, {reason}, {rule}", details.value);
        }
        let colour = client.get_string_value("button", Some(context), None).await;
        println!("  button = {}", colour.unwrap_or_else(|_| "grey".to_owned()));
    }

    println!("\nasked for what is not there");
    for flag in ["page-size", "no-such-flag"] {
        if let Err(error) = client.get_bool_value(flag, None, None).await {
            println!("  {}: {}", error.code, error.message.unwrap_or_default());
        }
    }
    Ok(())
}

fn show(metadata: open_feature::FlagMetadata) -> String {
    let text = |key| match metadata.values.get(key) {
        Some(open_feature::FlagMetadataValue::String(text)) => text.clone(),
        _ => "no rule".to_owned(),
    };
    format!("{} at {}", text("rule"), text("place"))
}
