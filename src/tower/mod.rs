//! One snapshot and one context for each request, as `tower` middleware.
//!
//! [`FlagsLayer`] looks at a request once, and puts [`RequestFlags`] into its extensions: the
//! snapshot of that moment, with what is known of the request. Whatever happens to the toggle file
//! meanwhile, and however often the handler waits, one request meets one state. [`Gate`] closes a
//! route unless a flag opens it. With the feature `axum`, `RequestFlags` is an argument of handlers.
//!
//! It works with everything that is a `tower` service of `http` requests: axum, tonic, hyper
//! through `tower`, and your own. It brings no runtime.
//!
//! ```
//! use hoist::tower::FlagsLayer;
//! use hoist::http::{client_ip, header_text};
//! use hoist::Flags;
//! use std::net::SocketAddr;
//!
//! /// Put into the extensions by the layer that knows who is logged in.
//! #[derive(Clone)]
//! struct LoggedIn { user: String, tenant: String }
//!
//! # let path = std::env::temp_dir().join(format!("hoist-doc-tower-{}.yaml", std::process::id()));
//! # std::fs::write(&path, "version: 1\nflags: {}").unwrap();
//! let flags = Flags::open(&path)?;
//! let layer = FlagsLayer::new(flags).context(|parts, mut ctx| {
//!     if let Some(LoggedIn { user, tenant }) = parts.extensions.get() {
//!         ctx = ctx.user(user).tenant(tenant);
//!     }
//!     // Where your server puts the peer; axum's is a `ConnectInfo`, see `hoist::axum`.
//!     if let Some(peer) = parts.extensions.get::<SocketAddr>() {
//!         ctx = ctx.ip(client_ip(&parts.headers, peer.ip(), 1)); // behind one proxy of ours
//!     }
//!     ctx.request(header_text(&parts.headers, "x-request-id"))
//! });
//! # let _ = layer;
//! # std::fs::remove_file(&path).unwrap();
//! # Ok::<(), hoist::Error>(())
//! ```

mod gate;
mod request;

use std::fmt;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use http::Request;
use http::request::Parts;
use tower_layer::Layer;
use tower_service::Service;

use crate::context::ContextBuf;
use crate::flags::Flags;

pub use gate::{Gate, GateFuture, GateService};
pub use request::RequestFlags;

type MakeContext = dyn Fn(&Parts, ContextBuf) -> ContextBuf + Send + Sync;

/// A layer that takes one snapshot for each request and puts [`RequestFlags`] into its extensions.
///
/// The context has the headers of the request, and through them its cookies. They are a copy, so
/// that it can cross a spawn and outlive the request: the texts are shared with the request, and only
/// the table is allocated. What else is known is said by [`FlagsLayer::context`]. Put the layer
/// inside of those that find out who is asking.
///
/// # Examples
///
/// ```
/// use hoist::tower::{FlagsLayer, RequestFlags};
/// use http::Request;
/// use std::convert::Infallible;
/// use std::future::{Ready, ready};
/// use std::task::{Context, Poll};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// struct Handler;
///
/// impl Service<Request<()>> for Handler {
///     type Response = bool;
///     type Error = Infallible;
///     type Future = Ready<Result<bool, Infallible>>;
///
///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
///         Poll::Ready(Ok(()))
///     }
///
///     fn call(&mut self, request: Request<()>) -> Self::Future {
///         let flags: &RequestFlags = request.extensions().get().unwrap();
///         ready(Ok(flags.is_enabled("new-search")))
///     }
/// }
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-layer-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1
/// flags: { new-search: { rules: [{ name: qa, when: { header.x-qa: '1', user: ada } }] } }").unwrap();
/// let flags = hoist::Flags::open(&path)?;
/// let mut service = FlagsLayer::new(flags).context(|_, ctx| ctx.user("ada")).layer(Handler);
/// let request = Request::get("/").header("x-qa", "1").body(()).unwrap();
/// assert_eq!(service.call(request).into_inner(), Ok(true));
/// assert_eq!(service.call(Request::new(())).into_inner(), Ok(false));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone)]
pub struct FlagsLayer {
    flags: Flags,
    make_context: Arc<MakeContext>,
}

impl FlagsLayer {
    /// A layer that knows of a request what its headers say.
    pub fn new(flags: Flags) -> FlagsLayer {
        FlagsLayer { flags, make_context: Arc::new(|_, ctx| ctx) }
    }

    /// What else is known of a request: the function is given its parts and a context that has the
    /// headers, and gives back the context that counts.
    ///
    /// It is called once for each request, and must not wait. What needs waiting for, as the user of
    /// a session, is found out by a layer around this one and read from the extensions here.
    #[must_use]
    pub fn context(
        mut self,
        make: impl Fn(&Parts, ContextBuf) -> ContextBuf + Send + Sync + 'static,
    ) -> FlagsLayer {
        self.make_context = Arc::new(make);
        self
    }
}

impl fmt::Debug for FlagsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlagsLayer").field("flags", &self.flags).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for FlagsLayer {
    type Service = FlagsService<S>;

    fn layer(&self, inner: S) -> FlagsService<S> {
        FlagsService { layer: self.clone(), inner }
    }
}

/// The service that a [`FlagsLayer`] makes of another.
///
/// # Examples
///
/// ```
/// use hoist::tower::{FlagsLayer, FlagsService};
/// use tower_layer::Layer;
///
/// fn with_flags<S>(flags: hoist::Flags, inner: S) -> FlagsService<S> {
///     FlagsLayer::new(flags).layer(inner)
/// }
/// # let path = std::env::temp_dir().join(format!("hoist-doc-service-{}.yaml", std::process::id()));
/// # std::fs::write(&path, "version: 1\nflags: {}").unwrap();
/// # let flags = hoist::Flags::open(&path)?;
/// assert!(format!("{:?}", with_flags(flags, "a service")).contains("a service"));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FlagsService<S> {
    layer: FlagsLayer,
    inner: S,
}

impl<S, B> Service<Request<B>> for FlagsService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let (mut parts, body) = request.into_parts();
        // PERF: four in ten instructions of the layer are of this copy (TOWER/layer). Those headers
        // alone that the flags test would be fewer, and a strategy or a handler may ask for any.
        let given = ContextBuf::new().header_map(parts.headers.clone());
        let context = (self.layer.make_context)(&parts, given);
        parts.extensions.insert(RequestFlags::new(self.layer.flags.snapshot(), context));
        self.inner.call(Request::from_parts(parts, body))
    }
}
