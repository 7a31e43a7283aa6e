//! The provider, asked through the client of the OpenFeature SDK.

#![cfg(feature = "openfeature")]

mod folder;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use folder::Folder;
use hoist::openfeature::Provider;
use hoist::{Context, Reason, Snapshot};
use open_feature::provider::{FeatureProvider, ProviderStatus};
use open_feature::{
    Client, EvaluationContext, EvaluationContextFieldValue as Field, EvaluationErrorCode,
    EvaluationReason, FlagMetadataValue, OpenFeature, StructValue, Value,
};

const TOGGLES: &str = r#"version: 1
flags:
  boolean: { rules: [ { name: ada, when: { user: ada } } ] }
  always: on
  killed: { kill: true, default: on }
  shared: { rules: [ { name: half, when: everyone, rollout: 50% } ] }
  excluded: { unless: { user: ada }, default: on }
  waits: { requires: killed, default: on }
  integer: { default: { value: 20 } }
  float: { default: { value: 2.5 } }
  text: { variants: { a: grey, b: blue }, rules: [ { when: { user: ada }, serve: b } ], default: a }
  map: { default: { value: { size: 3, ratio: 1.5, name: x, on: true, none: null, of: [ 1, { a: b } ] } } }
  list: { default: { value: [ 1, 2 ] } }
  odd: { default: { value: { list: [ 1, null ] } } }
"#;

async fn client_of(text: &str) -> Client {
    let mut api = OpenFeature::default();
    api.set_provider(Provider::from(Snapshot::from_yaml(text).unwrap())).await;
    api.create_client()
}

fn ada() -> EvaluationContext {
    EvaluationContext::default().with_targeting_key("ada")
}

#[tokio::test]
async fn every_type_is_resolved() {
    let client = client_of(TOGGLES).await;
    let ada = ada();
    let ctx = Some(&ada);
    assert_eq!(client.get_bool_value("boolean", ctx, None).await, Ok(true));
    assert_eq!(client.get_bool_value("boolean", None, None).await, Ok(false));
    assert_eq!(client.get_int_value("integer", ctx, None).await, Ok(20));
    assert_eq!(client.get_float_value("float", ctx, None).await, Ok(2.5));
    assert_eq!(client.get_string_value("text", ctx, None).await.as_deref(), Ok("blue"));
    assert_eq!(client.get_string_value("text", None, None).await.as_deref(), Ok("grey"));
    let map = StructValue::default()
        .with_field("size", 3)
        .with_field("ratio", 1.5)
        .with_field("name", "x")
        .with_field("on", true)
        .with_field(
            "of",
            vec![Value::Int(1), Value::Struct(StructValue::default().with_field("a", "b"))],
        );
    assert_eq!(client.get_struct_value("map", ctx, None).await, Ok(map));
}

#[tokio::test]
async fn the_answer_has_a_variant_a_reason_and_metadata() {
    let snap = Snapshot::from_yaml(TOGGLES).unwrap();
    let client = client_of(TOGGLES).await;
    let ada = ada();
    for (flag, reason) in [
        ("boolean", EvaluationReason::TargetingMatch),
        ("always", EvaluationReason::Static),
        ("killed", EvaluationReason::Disabled),
        ("waits", EvaluationReason::Disabled),
        ("excluded", EvaluationReason::TargetingMatch),
    ] {
        let details = client.get_bool_details(flag, Some(&ada), None).await.unwrap();
        assert_eq!(details.reason.as_ref(), Some(&reason), "{flag}");
        let decision = snap.decide(flag, &Context::new().user("ada"));
        assert_eq!(reason.to_string(), decision.reason().open_feature(), "{flag}");
        assert_eq!(details.variant.as_deref(), Some(decision.variant()), "{flag}");
    }
    let nobody = client.get_bool_details("boolean", None, None).await.unwrap();
    assert_eq!(nobody.reason, Some(EvaluationReason::Default));

    let is_in =
        |user: &&str| snap.decide("shared", &Context::new().user(*user)).reason() == Reason::Split;
    let inside = ["a", "b", "c", "d", "e", "f", "g", "h"].into_iter().find(is_in).unwrap();
    let context = EvaluationContext::default().with_targeting_key(inside);
    let details = client.get_bool_details("shared", Some(&context), None).await.unwrap();
    assert_eq!((details.value, details.reason), (true, Some(EvaluationReason::Split)));
    let metadata = details.flag_metadata.values;
    let text = |key: &str| match &metadata[key] {
        FlagMetadataValue::String(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(text("rule"), "half");
    assert_eq!(text("place"), "<yaml>:6");
    assert_eq!(text("hoistReason"), "split");
    assert_eq!(text("version"), format!("{:016x}", snap.hash()));
    assert!(matches!(metadata["generation"], FlagMetadataValue::Int(1..)));
    let details = client.get_bool_details("always", None, None).await.unwrap();
    assert!(!details.flag_metadata.values.contains_key("rule"));
}

#[tokio::test]
async fn what_cannot_be_answered_is_an_error() {
    let client = client_of(TOGGLES).await;
    let error = client.get_bool_value("no-such-flag", None, None).await.unwrap_err();
    assert_eq!(error.code, EvaluationErrorCode::FlagNotFound);
    assert_eq!(error.message.as_deref(), Some("no flag `no-such-flag`"));
    let error = client.get_bool_value("text", None, None).await.unwrap_err();
    assert_eq!(error.code, EvaluationErrorCode::TypeMismatch);
    assert_eq!(
        error.message.as_deref(),
        Some("`text` is of the type text, and its value is no boolean")
    );
    for mismatch in [
        client.get_int_value("float", None, None).await.map(drop),
        client.get_float_value("integer", None, None).await.map(drop),
        client.get_string_value("boolean", None, None).await.map(drop),
        client.get_struct_value::<StructValue>("text", None, None).await.map(drop),
        client.get_struct_value::<StructValue>("list", None, None).await.map(drop),
        client.get_struct_value::<StructValue>("odd", None, None).await.map(drop),
    ] {
        assert_eq!(mismatch.unwrap_err().code, EvaluationErrorCode::TypeMismatch);
    }
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn what_is_resolved_is_recorded_as_it_came_out() {
    let log = hoist::testing::log();
    let snap = hoist::testing::flags().yaml(TOGGLES).recorder(log.clone()).snapshot();
    let mut api = OpenFeature::default();
    api.set_provider(Provider::from(snap)).await;
    let client = api.create_client();
    let ada = ada();
    drop(client.get_bool_value("boolean", Some(&ada), None).await);
    drop(client.get_string_value("boolean", Some(&ada), None).await);
    drop(client.get_string_value("gone", Some(&ada), None).await);
    let told: Vec<_> = log.decisions().into_iter().map(|one| (one.variant, one.reason)).collect();
    let none = String::new;
    let expected = [
        ("on".to_owned(), Reason::Rule),
        (none(), Reason::TypeMismatch),
        (none(), Reason::FlagNotFound),
    ];
    assert_eq!(told, expected);
}

/// A flag that is on where this condition holds, asked with these fields.
async fn holds(condition: &str, context: EvaluationContext) -> bool {
    let text = format!("version: 1\nflags: {{ f: {{ rules: [ {{ when: {condition} }} ] }} }}\n");
    client_of(&text).await.get_bool_value("f", Some(&context), None).await.unwrap()
}

#[tokio::test]
async fn each_field_has_its_place() {
    let none = EvaluationContext::default;
    let with = |key: &str, value: &str| none().with_custom_field(key, value);
    for name in ["user", "session", "region", "tenant", "env", "host", "request"] {
        assert!(holds(&format!("{{ {name}: x }}"), with(name, "x")).await, "{name}");
        assert!(holds(&format!("{{ {name}: 7 }}"), none().with_custom_field(name, 7)).await);
        assert!(!holds(&format!("{{ attr.{name}: x }}"), with(name, "x")).await, "{name}");
        let flag = none().with_custom_field(name, true);
        assert!(!holds(&format!("{{ {name}: {{ exists: true }} }}"), flag).await, "{name}");
    }
    assert!(holds("{ user: ada }", ada().with_custom_field("user", "bob")).await);
    assert!(holds("{ user: bob }", with("user", "bob").with_targeting_key("")).await);
    assert!(holds("{ ip: 10.0.0.0/8 }", with("ip", "10.1.2.3")).await);
    assert!(!holds("{ ip: 10.0.0.0/8 }", with("ip", "nowhere")).await);
    assert!(holds("{ header.x-beta: \"1\" }", with("header.X-Beta", "1")).await);
    assert!(holds("{ header.x-beta: 1 }", none().with_custom_field("header.x-beta", 1)).await);
    // The other headers are known to be absent.
    assert!(holds("{ not: { header.x-b: \"1\" } }", with("header.x-a", "1")).await);
    assert!(!holds("{ not: { header.x-b: \"1\" } }", none()).await);
    assert!(holds("{ cookie.beta: a b }", with("cookie.beta", "a%20b")).await);
    assert!(holds("{ attr.plan: pro }", with("plan", "pro")).await);
    assert!(holds("{ attr.plan: pro }", with("attr.plan", "pro")).await);
    assert!(holds("{ attr.app.version: { version: \">=2\" } }", with("app.version", "2.1")).await);
    assert!(holds("{ attr.age: { gte: 18 } }", none().with_custom_field("age", 36)).await);
    assert!(holds("{ attr.rate: { lt: 1 } }", none().with_custom_field("rate", 0.5)).await);
    assert!(holds("{ attr.trial: true }", none().with_custom_field("trial", true)).await);
}

#[tokio::test]
async fn a_structure_is_reached_into() {
    let account = || {
        StructValue::default()
            .with_field("plan", "pro")
            .with_field("seats", 20)
            .with_field("groups", vec!["admin", "beta"])
            .with_field("limits", StructValue::default().with_field("rate", 0.5))
    };
    let json = serde_json::json!({
        "plan": "pro", "seats": 20, "groups": ["admin", "beta"], "limits": { "rate": 0.5 },
    });
    for context in [
        EvaluationContext::default().with_custom_field("account", Arc::new(account())),
        EvaluationContext::default()
            .with_custom_field("account", Arc::new(Value::Struct(account()))),
        EvaluationContext::default().with_custom_field("attr.account", Arc::new(json)),
    ] {
        assert!(holds("{ attr.account.plan: pro }", context.clone()).await);
        assert!(holds("{ attr.account.seats: { gt: 5 } }", context.clone()).await);
        assert!(holds("{ attr.account.groups: beta }", context.clone()).await);
        assert!(holds("{ attr.account.limits.rate: { lt: 1 } }", context).await);
    }
    // A structure of a type that nobody knows is not given.
    let context = EvaluationContext::default().with_custom_field("account", Arc::new("secret"));
    assert!(!holds("{ attr.account: { exists: true } }", context).await);
}

#[tokio::test]
async fn an_instant_is_compared_as_one() {
    let at = |seconds: i64| {
        let from_1970 = Duration::from_millis(seconds.unsigned_abs() * 1000 - 500);
        let at = match seconds < 0 {
            true => SystemTime::UNIX_EPOCH - from_1970,
            false => SystemTime::UNIX_EPOCH + from_1970,
        };
        EvaluationContext::default().with_custom_field("seen", Field::DateTime(at.into()))
    };
    let after = |limit: &str| format!("{{ attr.seen: {{ after: \"{limit}\" }} }}");
    assert!(holds(&after("2026-11-20T23:59:59.4Z"), at(1_795_219_200)).await);
    assert!(!holds(&after("2026-11-20T23:59:59.6Z"), at(1_795_219_200)).await);
    assert!(holds(&after("1969-12-31T23:59:59.4Z"), at(-1)).await);
    assert!(!holds(&after("1969-12-31T23:59:59.6Z"), at(-1)).await);
}

#[tokio::test]
async fn hooks_and_names_see_the_provider() {
    let mut api = OpenFeature::default();
    let snap = Snapshot::from_yaml(TOGGLES).unwrap();
    let provider = Provider::from(snap);
    assert_eq!(provider.metadata().name, "hoist");
    api.set_named_provider("shop", provider).await;
    assert_eq!(api.named_provider_metadata("shop").await.unwrap().name, "hoist");
    let client = api.create_named_client("shop");
    assert_eq!(client.get_bool_value("always", None, None).await, Ok(true));
    api.set_evaluation_context(ada()).await;
    assert_eq!(client.get_bool_value("boolean", None, None).await, Ok(true), "the global context");
}

#[tokio::test]
async fn a_live_provider_follows_its_files_and_says_when_it_cannot() {
    let folder = Folder::new();
    folder.write("flags.yaml", "version: 1\nflags: { search: off }\n");
    let flags = folder.opened(&["flags.yaml"]);
    let provider = Provider::new(flags.clone());
    let mut api = OpenFeature::default();
    api.set_provider(provider.clone()).await;
    let client = api.create_client();
    let before = client.get_bool_details("search", None, None).await.unwrap();

    folder.write("flags.yaml", "version: 1\nflags: { search: on }\n");
    flags.reload().unwrap();
    let after = client.get_bool_details("search", None, None).await.unwrap();
    assert_eq!((before.value, after.value), (false, true));
    for key in ["version", "generation"] {
        let [before, after] = [&before, &after].map(|details| &details.flag_metadata.values[key]);
        assert_ne!(before, after, "{key}");
    }
    assert_eq!(provider.status(), ProviderStatus::Ready);

    folder.write("flags.yaml", "version: 1\nflags: [\n");
    flags.reload().unwrap_err();
    assert_eq!(provider.status(), ProviderStatus::STALE);
    assert_eq!(client.get_bool_value("search", None, None).await, Ok(true), "the last good state");
}
