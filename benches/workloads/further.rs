//! What else flags are asked, as a service comes to have them.

use super::{Known, Request, USERS, Workload, user, users};

/// A workload of one flag, which is called `feature`.
pub(crate) fn further(
    id: &'static str,
    document: String,
    requests: Vec<Request>,
    on: usize,
) -> Workload {
    let flag = "feature";
    Workload { id, document, flag, key: hoist::Key::new(flag, false), requests, on }
}

/// All of them that need nothing but their document.
pub(crate) fn all_further() -> Vec<Workload> {
    vec![absent(), ids_64(), rules_200(), prerequisites()]
}

/// A rule on a header that is not there.
pub(crate) fn absent() -> Workload {
    let document = "version: 1
flags: { feature: { rules: [{ when: { header.x-canary: \"1\" } }] } }
";
    further("ABSENT", document.to_owned(), users(0), 0)
}

/// W3 by ids of 64 bytes.
pub(crate) fn ids_64() -> Workload {
    let long = |number| format!("{}{}", user(number), &user(number)[..28]);
    let requests = (0..USERS).map(|number| Request::of(long(number))).collect();
    let document = "version: 1\nflags: { feature: 25% }\n".to_owned();
    further("IDS-64", document, requests, 16)
}

/// The attribute that a rule of RULES-200 asks for, a shop and a city by turns, and its value.
pub(crate) fn asked_by_rules_200() -> impl Iterator<Item = (&'static str, String)> {
    (0_usize..200).map(|number| {
        let attribute = if number % 2 == 0 { "shop" } else { "city" };
        (attribute, format!("{attribute}-{number:03}"))
    })
}

/// 200 rules on two attributes, of which the last matches.
pub(crate) fn rules_200() -> Workload {
    let mut document = "version: 1\nflags:\n  feature:\n    rules:\n".to_owned();
    for (attribute, value) in asked_by_rules_200() {
        document += &format!("      - {{ when: {{ attr.{attribute}: {value} }} }}\n");
    }
    let mut request = Request::of(user(0));
    request.attributes = vec![
        ("shop", Known::Text("shop-none".to_owned())),
        ("city", Known::Text("city-199".to_owned())),
    ];
    further("RULES-200", document, vec![request], 1)
}

/// On, if three other flags are on, two of which ask for something.
pub(crate) fn prerequisites() -> Workload {
    let document = "version: 1
flags:
  feature: { default: on, requires: [catalogue, accounts, payments] }
  catalogue: on
  accounts: { rules: [{ when: { region: [us, ca] } }] }
  payments: { rules: [{ when: { attr.plan: [pro, enterprise] } }] }
";
    further("PREREQ", document.to_owned(), users(0), USERS)
}
