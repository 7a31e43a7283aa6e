//! The rivals: one file each, and the table of them. To add one is to implement [`Rival`] and to
//! name it in [`ENGINES`].

mod cedar;
mod configcat;
mod eppo;
mod feature_probe;
mod flagd;
mod flagsmith;
mod growthbook;
mod launchdarkly;
mod sentry;
mod statsig;
mod unleash;

use std::any::Any;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{self, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::loading::Load;
use crate::logic::{Flag, Op, When};
use crate::measure::{Batch, in_turn};
use crate::rows::{Ask, Row};
use crate::workloads::Request;

/// Why a format cannot say something.
pub(crate) type Why = String;

/// An engine with a format of its own.
trait Rival: Sized + 'static {
    /// What it is called in the table, and its crate.
    const NAME: &'static str;
    const CRATE: &'static str;
    /// What is timed, in a few words.
    const TIMED: &'static str;

    /// Who asks, in the form that the engine takes.
    type Context: 'static;

    /// The flags in its own format.
    fn write(flags: &[Flag]) -> Result<String, Why>;
    fn load(document: &str) -> Self;
    /// How many flags it has.
    fn count(&self) -> usize;
    fn context(&self, request: &Request) -> Self::Context;
    fn is_on(&self, flag: &str, ctx: &Self::Context) -> bool;
    /// The integer that the flag serves.
    fn arm(&self, flag: &str, ctx: &Self::Context) -> i64;
}

/// A rival, as the table of rivals has it.
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    pub(crate) crate_name: &'static str,
    pub(crate) timed: &'static str,
    pub(crate) decide: fn(&Row) -> Result<Batch, Why>,
    pub(crate) write: fn(&[Flag]) -> Result<String, Why>,
    pub(crate) load: Load,
    /// Whether a flag of a document is on for a request.
    pub(crate) is_on: fn(&str, &str, &Request) -> bool,
}

pub(crate) const ENGINES: [Engine; 11] = [
    engine::<unleash::Unleash>(),
    engine::<launchdarkly::LaunchDarkly>(),
    engine::<eppo::Eppo>(),
    engine::<growthbook::GrowthBook>(),
    engine::<flagd::Flagd>(),
    engine::<feature_probe::FeatureProbe>(),
    engine::<configcat::ConfigCat>(),
    engine::<flagsmith::Flagsmith>(),
    engine::<sentry::Sentry>(),
    engine::<statsig::Statsig>(),
    engine::<cedar::Cedar>(),
];

/// What is not here, and why.
pub(crate) const LEFT_OUT: [(&str, &str); 3] = [
    (
        "open-feature-flagd",
        "its in-process provider needs protoc to build, and asks flagd-evaluation-engine, which is \
         here",
    ),
    ("flipt", "the crate of that name is a client of its server"),
    ("optimizely", "the crate is not Optimizely's own"),
];

const fn engine<R: Rival>() -> Engine {
    Engine {
        name: R::NAME,
        crate_name: R::CRATE,
        timed: R::TIMED,
        decide: decide::<R>,
        write: R::write,
        load: load::<R>,
        is_on: is_on::<R>,
    }
}

/// The longest that a document may take to load.
const PATIENCE: Duration = Duration::from_secs(20);

/// A list this long is tried on a tenth of it first.
const LONG: usize = 100_000;

fn decide<R: Rival>(row: &Row) -> Result<Batch, Why> {
    if let Some(tenth) = tenth(&row.flags) {
        let document = R::write(&tenth)?;
        let start = Instant::now();
        drop(R::load(&document));
        let likely = start.elapsed() * 10;
        if likely > PATIENCE {
            return Err(format!("loading would take about {} s", likely.as_secs()));
        }
    }
    let engine = R::load(&R::write(&row.flags)?);
    if let Some((request, on)) = &row.contrary {
        let ctx = engine.context(request);
        let wrong = match &row.ask {
            Ask::IsOn(flag, _) => engine.is_on(flag, &ctx) != *on,
            Ask::Each(names, _) => names.iter().any(|name| engine.is_on(name, &ctx) != *on),
            Ask::Context(requests) => row.flags.iter().any(|flag| {
                let is_on = |request| engine.is_on(&flag.name, &engine.context(request));
                is_on(request) != *on || !requests.iter().all(is_on)
            }),
            Ask::Arm(..) => false,
        };
        assert!(!wrong, "{} has not understood the flag", R::NAME);
    }
    Ok(match &row.ask {
        Ask::IsOn(flag, requests) => {
            let flag = *flag;
            let contexts = requests.iter().map(|request| engine.context(request)).collect();
            in_turn(contexts, move |ctx| engine.is_on(black_box(flag), ctx).into())
        }
        Ask::Arm(flag, requests) => {
            let flag = *flag;
            let contexts = requests.iter().map(|request| engine.context(request)).collect();
            in_turn(contexts, move |ctx| engine.arm(black_box(flag), ctx))
        }
        Ask::Each(names, request) => {
            let ctx = engine.context(request);
            in_turn(names.clone(), move |name| engine.is_on(name, black_box(&ctx)).into())
        }
        Ask::Context(requests) => in_turn(requests.clone(), move |request| {
            black_box(&engine.context(request));
            0
        }),
    })
}

/// The flags with a tenth of a very long list; `None` where there is none.
fn tenth(flags: &[Flag]) -> Option<Vec<Flag>> {
    let [flag] = flags else { return None };
    let mut flag = flag.clone();
    let [rule] = flag.rules.as_mut_slice() else { return None };
    let When::Is(test) = &mut rule.when else { return None };
    let Op::OneOf(list) = &mut test.op else { return None };
    let tenth = list.get(..list.len() / 10).filter(|tenth| tenth.len() >= LONG)?;
    *list = tenth.into();
    Some(vec![flag])
}

fn load<R: Rival>(document: &str) -> (Box<dyn Any>, usize) {
    let engine = R::load(document);
    let count = engine.count();
    (Box::new(engine), count)
}

fn is_on<R: Rival>(document: &str, flag: &str, request: &Request) -> bool {
    let engine = R::load(document);
    engine.is_on(flag, &engine.context(request))
}

/// Drives a future to its end, as the smallest executor does. Where one is ready at once, as those
/// that are timed here are, it is polled once.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = pin!(future);
    let mut now = task::Context::from_waker(Waker::noop());
    if let Poll::Ready(output) = future.as_mut().poll(&mut now) {
        return output;
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut later = task::Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut later) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
