//! How a service with flags is tested: flags from code, what a test forces, every combination, a
//! clock that stands until it is set, and the tests that a toggle file brings along.
//!
//! `cargo run --example testing --features testing`. In a service each part is a `#[test]`.

use std::error::Error;
use std::time::Duration;

use hoist::testing::{self, Clock};
use hoist::{Context, Reason, Snapshot};

hoist::variants! {
    enum Shipping { Flat = "flat", Free = "free" }
}

hoist::flags! {
    NEW_PRICING: bool = "new-pricing", default false;
    SALE: bool = "sale", default false;
    SHIPPING: Shipping = "shipping", default Shipping::Flat;
}

const TOGGLES: &str = "version: 1
flags:
  new-pricing:
    rules: [{ name: staff, when: { user: [ada, grace] } }]
  sale:
    rules: [{ when: everyone, from: 2026-12-01T09:00:00Z, until: 2026-12-08T09:00:00Z }]
  shipping:
    variants: [flat, free]
    rules: [{ name: pro, when: { attr.plan: pro }, serve: free }]
    default: flat
tests:
  - name: staff get the new prices
    context: { user: ada }
    expect: { new-pricing: on }
  - name: a pro pays no shipping
    context: { attr.plan: pro }
    expect: { shipping: free }
  - name: the sale is over
    at: 2026-12-08T09:00:00Z
    expect: { sale: off }
";

/// The service: what a basket of 100 costs.
fn total(snap: &Snapshot, ctx: &Context<'_>) -> u32 {
    let price = if snap.value(&NEW_PRICING, ctx) { 90 } else { 100 };
    let price = if snap.value(&SALE, ctx) { price / 2 } else { price };
    match snap.value(&SHIPPING, ctx) {
        Shipping::Flat => price + 5,
        Shipping::Free => price,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (ada, bob) = (Context::new().user("ada"), Context::new().user("bob"));

    println!("Flags from code, and no file:");
    let snap = testing::flags().on("new-pricing").variant("shipping", "free").snapshot();
    assert_eq!(total(&snap, &bob), 90);
    println!("  new prices, free shipping: {}", total(&snap, &bob));

    println!("\nThe service's own flags, and what a test forces on a live handle:");
    let clock = Clock::at("2026-12-01T08:59:59Z");
    let flags = testing::flags().yaml(TOGGLES).clock(&clock).build();
    assert_eq!([total(&flags.snapshot(), &ada), total(&flags.snapshot(), &bob)], [95, 105]);
    println!("  ada {}, bob {}", total(&flags.snapshot(), &ada), total(&flags.snapshot(), &bob));
    {
        let _free = flags.force(&SHIPPING, Shipping::Free);
        let _new = flags.force(&NEW_PRICING, true);
        let snap = flags.snapshot();
        assert_eq!(snap.decide(&NEW_PRICING, &bob).reason(), Reason::Forced);
        assert_eq!(total(&snap, &bob), 90);
        println!("  bob, with both forced: {}", total(&snap, &bob));
        println!("  {}", snap.decide(&NEW_PRICING, &bob));
    }
    assert_eq!(total(&flags.snapshot(), &bob), 105);
    println!("  bob, when the guards are dropped: {}", total(&flags.snapshot(), &bob));

    println!("\nEvery combination:");
    let names = ["new-pricing", "sale", "shipping"];
    for snap in testing::combinations(&flags.snapshot(), names) {
        let [new, sale, shipping] = names.map(|flag| snap.decide(flag, &bob).variant());
        let total = total(&snap, &bob);
        assert!((45..=105).contains(&total));
        println!("  new-pricing {new:3}  sale {sale:3}  shipping {shipping}  {total:3}");
    }

    println!("\nThe clock, which stands until it is set:");
    for (when, passes, expected) in [
        ("a second before the sale", 0, 105),
        ("at its first instant", 1, 55),
        ("a week later", 7 * 24 * 60 * 60, 105),
    ] {
        clock.advance(Duration::from_secs(passes));
        let total = total(&flags.snapshot(), &bob);
        assert_eq!(total, expected);
        println!("  {when}: {total}");
    }

    println!("\nThe tests in the toggle file, as `hoist test` runs them:");
    let path = std::env::temp_dir().join(format!("hoist-testing-{}.yaml", std::process::id()));
    std::fs::write(&path, TOGGLES)?;
    let passed = testing::run_file_tests([&path]);
    std::fs::remove_file(&path)?;
    assert_eq!(passed, 3);
    println!("  {passed} passed");
    Ok(())
}
