//! What it costs to give hoist what is known of a request: `cargo bench --bench context`.
//!
//! `CTX/build` is the context of a usual request, built from pairs; the others are smaller, larger,
//! handed out by a function, built in a loop, or lend what the request has. Lending costs nothing
//! before a rule asks, so that each form is also built and asked once, for a flag that tests the
//! user, the region, an attribute, a header and a cookie (`CTX-asked`). With `--features tower` also
//! what is made of a request of the `http` crate: borrowed, and by the layer.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

mod settings;
#[allow(dead_code, reason = "each bench uses a part of the workloads")]
mod workloads;

use std::cell::Cell;
use std::hint::black_box;

use hoist::{Attribute, Context, ContextBuf, Snapshot};

use workloads::{TWELVE, USERS};

/// Asks for something of each kind, and says yes where all of it is there.
const ASKS: &str = "version: 1
flags:
  asks:
    rules:
      - when:
          user: { exists: true }
          region: us
          attr.plan: pro
          header.user-agent: { exists: true }
          cookie.beta: \"1\"
";

/// What `ctx` gives, and nothing that it does not.
const ASKS_ALL: &str = "version: 1
flags:
  all:
    rules:
      - when:
          region: us
          attr.plan: pro
          attr.age: 36
          attr.beta: false
          header.user-agent: { starts_with: bench }
          header.x-request-source: mobile
          cookie.beta: \"1\"
        rollout: 99.999%
";

/// Times one form of a context: built, and built and asked once. Each is built where it is timed, as
/// in a handler, and not handed out by a function.
macro_rules! form {
    ($criterion:ident, $snapshot:ident, $users:ident, $id:literal, $is_on:literal, |$user:ident| $ctx:expr) => {
        for $user in &$users {
            assert_eq!($snapshot.is_enabled("asks", &$ctx), $is_on, $id);
        }
        let at = Cell::new(0);
        let next = || {
            at.set((at.get() + 1) % USERS);
            black_box($users[at.get()].as_str())
        };
        $criterion.bench_function(concat!("CTX/", $id), |bencher| {
            bencher.iter(|| {
                let $user = next();
                black_box(&$ctx);
            });
        });
        $criterion.bench_function(concat!("CTX-asked/", $id), |bencher| {
            bencher.iter(|| {
                let $user = next();
                $snapshot.is_enabled(black_box("asks"), &$ctx)
            });
        });
    };
}

fn main() {
    let mut criterion = settings::criterion();
    let all = Snapshot::from_yaml(ASKS_ALL).unwrap();
    assert!((0..USERS).all(|n| all.is_enabled("all", &workloads::ctx(&workloads::user(n)))));
    let asks = Snapshot::from_yaml(ASKS).unwrap();
    let users: Vec<String> = (0..USERS).map(workloads::user).collect();

    form!(criterion, asks, users, "user", false, |user| Context::new().user(user));
    form!(criterion, asks, users, "build", true, |user| workloads::ctx(user));
    form!(criterion, asks, users, "returned", true, |user| returned(user));
    form!(criterion, asks, users, "loop-8", true, |user| extended(user, &NAMES[..5]));
    form!(criterion, asks, users, "loop-16", true, |user| extended(user, &NAMES));

    let lent: Vec<(String, i64)> = (0..39).map(|n| (format!("field-{n:02}"), n)).collect();
    let lent = lent.iter().map(|(name, n)| (name.as_str(), Attribute::Integer(*n)));
    let lent: Vec<_> = lent.chain([("plan", "pro".into())]).collect();
    form!(criterion, asks, users, "lent-40", true, |user| {
        Context::new().user(user).region("us").attributes(&lent).headers(&TWELVE)
    });
    form!(criterion, asks, users, "pairs-12", true, |user| {
        Context::new().user(user).region("us").attr("plan", "pro").headers(&TWELVE)
    });
    #[cfg(feature = "http")]
    {
        let parts = request().into_parts().0;
        form!(criterion, asks, users, "HeaderMap-12", true, |user| {
            Context::new().user(user).region("us").attr("plan", "pro").headers(&parts.headers)
        });
        form!(criterion, asks, users, "Parts-12", true, |user| {
            Context::from(&parts).user(user).region("us").attr("plan", "pro")
        });
        criterion.bench_function("CTX/HeaderMap-12-copied", |bencher| {
            bencher.iter_with_large_drop(|| black_box(&parts.headers).clone());
        });
    }
    #[cfg(feature = "tower")]
    layer::bench(&mut criterion);

    // Owned: made once where the request comes in, lent wherever it is asked.
    criterion.bench_function("CTX/buf", |bencher| {
        bencher.iter_with_large_drop(|| buf(black_box(&users[0])));
    });
    let owned = buf(&users[0]);
    form!(criterion, asks, users, "as_context", true, |_user| black_box(&owned).as_context());
    criterion.final_summary();
}

/// CTX, from a function that is not compiled into its caller.
#[inline(never)]
fn returned(user: &str) -> Context<'_> {
    workloads::ctx(user)
}

const NAMES: [&str; 13] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];

/// CTX with more attributes, from a loop.
#[inline]
fn extended<'u>(user: &'u str, names: &[&'static str]) -> Context<'u> {
    names.iter().fold(workloads::ctx(user), |ctx, name| ctx.attr(name, 1))
}

fn buf(user: &str) -> ContextBuf {
    ContextBuf::new()
        .user(user)
        .region("us")
        .attr("plan", "pro")
        .attr("age", 36)
        .attr("beta", false)
        .header("User-Agent", "bench/1.0 (linux)")
        .header("X-Request-Source", "mobile")
        .header("Cookie", "session=0123456789abcdef; theme=dark; consent=all; beta=1")
}

/// A request of twelve headers.
#[cfg(feature = "http")]
fn request() -> http::Request<()> {
    let request = TWELVE
        .into_iter()
        .fold(http::Request::get("/"), |request, (name, value)| request.header(name, value));
    request.body(()).unwrap()
}

/// What a request costs on its way through the layer: without it, with it, and when the handler asks
/// one flag or eight. The request is made where nothing is timed, and dropped where all is; the texts
/// of its headers are shared, as those are that a server has read into one buffer.
#[cfg(feature = "tower")]
mod layer {
    use std::convert::Infallible;
    use std::future::{Ready, ready};
    use std::hint::black_box;
    use std::task::{Context, Poll};

    use criterion::{BatchSize, Criterion};
    use hoist::tower::{FlagsLayer, RequestFlags};
    use hoist::{Flags, Watch};
    use http::Request;
    use tower_layer::Layer;
    use tower_service::Service;

    /// Asks so often for one flag.
    struct Handler(usize);

    impl Service<Request<()>> for Handler {
        type Response = usize;
        type Error = Infallible;
        type Future = Ready<Result<usize, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<()>) -> Self::Future {
            let flags: Option<&RequestFlags> = request.extensions().get();
            let is_on = |_: &usize| flags.is_some_and(|flags| flags.is_enabled(black_box("asks")));
            ready(Ok((0..self.0).filter(is_on).count()))
        }
    }

    pub(super) fn bench(criterion: &mut Criterion) {
        let name = format!("hoist-bench-{}-layer.yaml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, super::ASKS).unwrap();
        let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open().unwrap();
        std::fs::remove_file(&path).unwrap();
        let layer = FlagsLayer::new(flags)
            .context(|_, ctx| ctx.user("ada").region("us").attr("plan", "pro"));
        time(criterion, "none", 0, Handler(0));
        time(criterion, "layer", 0, layer.layer(Handler(0)));
        time(criterion, "layer-asked-1", 1, layer.layer(Handler(1)));
        time(criterion, "layer-asked-8", 8, layer.layer(Handler(8)));
    }

    fn time<S>(criterion: &mut Criterion, id: &str, on: usize, mut service: S)
    where
        S: Service<Request<()>, Future = Ready<Result<usize, Infallible>>>,
    {
        let mut call = |request| service.call(request).into_inner();
        let request = super::request();
        assert_eq!(call(request.clone()), Ok(on), "{id}");
        criterion.bench_function(&format!("TOWER/{id}"), |bencher| {
            bencher.iter_batched(|| request.clone(), &mut call, BatchSize::SmallInput);
        });
    }
}
