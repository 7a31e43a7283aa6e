//! What grows: for each axis the documents of rising size, and the questions put to them.

use std::fmt::Write as _;
use std::hint::black_box;

use hoist::{Attribute, Context, Key, Snapshot};

use crate::asked::{Batch, in_turn};
use crate::workloads::{name, shuffled, user};

/// How many requests take turns where they are not all that there are.
const FEW: usize = 64;

/// One thing that can grow.
pub(crate) struct Axis {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) sizes: &'static [usize],
    /// The sizes whose instructions are counted: what is flat has as many for both.
    pub(crate) counted: [usize; 2],
    pub(crate) series: fn(&[usize]) -> Vec<Series>,
}

pub(crate) const ALL: [Axis; 5] = [
    Axis {
        name: "flags",
        title: "Flags in the file",
        unit: "flags",
        sizes: &[10, 100, 1_000, 10_000, 100_000],
        counted: [10, 10_000],
        series: flags,
    },
    Axis {
        name: "rules",
        title: "Rules in a flag, the last matches",
        unit: "rules",
        sizes: &[1, 3, 10, 30, 100, 300, 1_000],
        counted: [10, 1_000],
        series: rules,
    },
    Axis {
        name: "tests",
        title: "Rules in a flag, by other tests",
        unit: "rules",
        sizes: &[1, 3, 10, 30, 100, 300, 1_000],
        counted: [10, 1_000],
        series: tests,
    },
    Axis {
        name: "list",
        title: "Users in a list",
        unit: "entries",
        sizes: &[1, 3, 10, 100, 1_000, 10_000, 100_000, 1_000_000],
        counted: [10, 1_000],
        series: list,
    },
    Axis {
        name: "attributes",
        title: "Attributes in the context",
        unit: "attributes",
        sizes: &[0, 1, 2, 4, 8, 16, 40],
        counted: [8, 40],
        series: attributes,
    },
];

/// One way of growing.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<Point>,
}

pub(crate) struct Point {
    pub(crate) size: usize,
    pub(crate) turns: usize,
    pub(crate) batch: Batch,
}

impl Point {
    /// A question whose every answer is known.
    fn of<T: 'static>(
        size: usize,
        items: Vec<T>,
        is_on: bool,
        ask: impl Fn(&T) -> bool + 'static,
    ) -> Point {
        let turns = items.len();
        let batch = in_turn(items, move |item| ask(item).into());
        assert_eq!(batch(turns), if is_on { turns as i64 } else { 0 }, "{size}");
        Point { size, turns, batch }
    }

    /// By name on a snapshot.
    fn by_name(
        size: usize,
        snapshot: &Snapshot,
        contexts: Vec<Context<'static>>,
        is_on: bool,
    ) -> Point {
        let snapshot = snapshot.clone();
        Point::of(size, contexts, is_on, move |ctx| snapshot.is_enabled(black_box("grown"), ctx))
    }
}

/// A series for each name; a size gives points for some of them.
fn series<const N: usize>(
    names: [&'static str; N],
    sizes: &[usize],
    points: impl Fn(usize) -> [Option<Point>; N],
) -> Vec<Series> {
    let mut all: Vec<Series> =
        names.into_iter().map(|name| Series { name, points: Vec::new() }).collect();
    for &size in sizes {
        for (series, point) in all.iter_mut().zip(points(size)) {
            series.points.extend(point);
        }
    }
    all
}

/// Flags of one rule each, as in W7; nobody passes.
fn flags(sizes: &[usize]) -> Vec<Series> {
    let names = ["by name, any", "by name, the same few", "by key, any", "by key, the same few"];
    series(names, sizes, |size| {
        let rule = r#"{"rules":[{"when":{"region":["nz","au"]}}]}"#;
        let flags: Vec<String> = (0..size).map(|n| format!("\"{}\":{rule}", name(n))).collect();
        let document = format!(r#"{{"version":1,"flags":{{{}}}}}"#, flags.join(","));
        let snapshot = Snapshot::from_json(&document).unwrap();
        let pilot = Context::new().region("nz");
        assert!(snapshot.flags().all(|name| snapshot.is_enabled(name, &pilot)));

        let all: Vec<&'static str> = shuffled(size).into_iter().map(|n| &*name(n).leak()).collect();
        let few: Vec<&'static str> = all.iter().take(FEW).copied().collect();
        let by_name = |names: Vec<&'static str>| {
            let (snapshot, ctx) = (snapshot.clone(), Context::new().user("ada").region("us"));
            Point::of(size, names, false, move |name| snapshot.is_enabled(*name, black_box(&ctx)))
        };
        let by_key = |names: &[&'static str]| {
            let keys: Vec<Key<bool>> = names.iter().map(|name| Key::new(name, false)).collect();
            let (snapshot, ctx) = (snapshot.clone(), Context::new().user("ada").region("us"));
            Point::of(size, keys, false, move |key| snapshot.is_enabled(key, black_box(&ctx)))
        };
        [by_name(all.clone()), by_name(few.clone()), by_key(&all), by_key(&few)].map(Some)
    })
}

/// Rules that need a value or a few, or a number that is high enough.
fn rules(sizes: &[usize]) -> Vec<Series> {
    let names = ["one attribute", "four in turn", "two in each rule", "a threshold each"];
    last_of(
        names,
        sizes,
        [
            |n, _| format!("attr.shop: shop-{n:04}"),
            |n, size| format!("attr.{}: shop-{n:04}", ASKED[(size - 1 - n) % 4]),
            |n, _| format!("region: nz, attr.shop: shop-{n:04}"),
            |n, size| format!("attr.age: {{ gte: {} }}", 18 + size - n),
        ],
    )
}

/// Rules that ask something else of a text.
fn tests(sizes: &[usize]) -> Vec<Series> {
    let names = ["a version each", "a start each", "an end each", "a part each"];
    last_of(
        names,
        sizes,
        [
            |n, size| format!("attr.app: {{ version: \">={}\" }}", 18 + size - n),
            |n, _| format!("attr.shop: {{ starts_with: shop-{n:04} }}"),
            |n, _| format!("attr.shop: {{ ends_with: p-{n:04} }}"),
            |n, _| format!("attr.shop: {{ contains: p-{n:04} }}"),
        ],
    )
}

/// Rules of which the last matches, by what each of so many needs.
fn last_of<const N: usize>(
    names: [&'static str; N],
    sizes: &[usize],
    conditions: [fn(usize, usize) -> String; N],
) -> Vec<Series> {
    series(names, sizes, |size| {
        let shop: &'static str = format!("shop-{:04}", size - 1).leak();
        let ctx = Context::new().user("ada").region("nz").attr("age", 19).attr("shop", shop);
        let ctx = ASKED[1..].iter().fold(ctx, |ctx, name| ctx.attr(name, "none"));
        let ctx = ctx.attr("app", "19.0.0");
        conditions.map(|condition| {
            let mut document = "version: 1\nflags:\n  grown:\n    rules:\n".to_owned();
            for n in 0..size {
                let _ = writeln!(document, "      - {{ when: {{ {} }} }}", condition(n, size));
            }
            let snapshot = Snapshot::from_yaml(&document).unwrap();
            let last = format!("rules[{}]", size - 1);
            assert_eq!(snapshot.decide("grown", &ctx).rule(), Some(&*last));
            Some(Point::by_name(size, &snapshot, vec![ctx.clone()], true))
        })
    })
}

/// The attributes that rules ask in turn, the last rule the first of them.
const ASKED: [&str; 4] = ["shop", "plan", "city", "tier"];

/// A list of ids of 36 bytes in a file of its own, and prefixes.
fn list(sizes: &[usize]) -> Vec<Series> {
    let names = ["any user in it", "the same few in it", "users not in it", "prefixes, none fits"];
    let folder = std::env::temp_dir().join(format!("hoist-bench-{}-list", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let strangers: &'static [String] = (0..FEW).map(user).collect::<Vec<_>>().leak();
    let all = series(names, sizes, |size| {
        let snapshot = |rule: &str| {
            let document = format!("version: 1\nflags: {{ grown: {{ rules: [{rule}] }} }}\n");
            Snapshot::from_files([write("flags.yaml", &document)]).unwrap()
        };
        let members: Vec<String> = (FEW..FEW + size).map(user).collect();
        write("users.list", &members.join("\n"));
        let listed = snapshot("{ when: { user: { in_file: users.list } } }");
        // As many as no cache close to the core holds, where there are as many.
        let any = shuffled(size).into_iter().take(20_000).map(|n| members[n].clone());
        let any: &'static [String] = any.collect::<Vec<_>>().leak();
        let of = |users: &'static [String]| users.iter().map(|user| Context::new().user(user));
        let prefixed = (size <= 100_000).then(|| {
            let prefixes: Vec<String> =
                members.iter().map(|id| format!("\"{}\"", &id[..13])).collect();
            let rule =
                format!("{{ when: {{ user: {{ starts_with: [{}] }} }} }}", prefixes.join(", "));
            let snapshot = snapshot(&rule);
            assert!(snapshot.is_enabled("grown", &Context::new().user(&members[size - 1])));
            Point::by_name(size, &snapshot, of(strangers).collect(), false)
        });
        [
            Some(Point::by_name(size, &listed, of(any).collect(), true)),
            Some(Point::by_name(size, &listed, of(any).take(FEW).collect(), true)),
            Some(Point::by_name(size, &listed, of(strangers).collect(), false)),
            prefixed,
        ]
    });
    std::fs::remove_dir_all(&folder).unwrap();
    all
}

/// A rule on one attribute, among others with names of the same length.
fn attributes(sizes: &[usize]) -> Vec<Series> {
    let names = ["given first", "given last", "lent, the last", "not given"];
    let rule = "{ rules: [{ when: { attr.plan-name: pro } }] }";
    let snapshot = Snapshot::from_yaml(&format!("version: 1\nflags: {{ grown: {rule} }}")).unwrap();
    series(names, sizes, |size| {
        let others = |count: usize| {
            (0..count).map(|n| (&*format!("field-{n:03}").leak(), Attribute::Text("pro")))
        };
        let asked = || size.checked_sub(1).map(|others| (("plan-name", "pro".into()), others));
        let one_by_one = |all: Vec<(&'static str, Attribute<'static>)>| {
            let ctx = Context::new().user("ada");
            all.into_iter().fold(ctx, |ctx, (name, value)| ctx.attr(name, value))
        };
        let on = |ctx| Point::by_name(size, &snapshot, vec![ctx], true);
        [
            asked().map(|(asked, n)| {
                on(one_by_one(std::iter::once(asked).chain(others(n)).collect()))
            }),
            asked().map(|(asked, n)| on(one_by_one(others(n).chain([asked]).collect()))),
            asked().map(|(asked, n)| {
                let lent: Vec<_> = others(n).chain([asked]).collect();
                on(Context::new().user("ada").attributes(lent.leak()))
            }),
            Some(Point::by_name(size, &snapshot, vec![one_by_one(others(size).collect())], false)),
        ]
    })
}
