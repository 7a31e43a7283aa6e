//! The flags of a request as an argument of an `axum` handler.
//!
//! [`RequestFlags`] is an extractor; a [`FlagsLayer`](crate::tower::FlagsLayer) around the routes
//! provides it. `examples/axum_service.rs` is a whole service.
//!
//! ```
//! use std::net::SocketAddr;
//! use axum::{Router, extract::ConnectInfo, routing::get};
//! use hoist::tower::{FlagsLayer, Gate, RequestFlags};
//! use hoist::http::{client_ip, header_text};
//!
//! hoist::flags! {
//!     /// Replaces the legacy price calculation.
//!     pub NEW_PRICING: bool = "new-pricing", default false;
//! }
//!
//! async fn price(flags: RequestFlags) -> &'static str {
//!     if flags.is_enabled(&NEW_PRICING) { "90" } else { "100" }
//! }
//!
//! fn routes(flags: hoist::Flags) -> Router {
//!     Router::new()
//!         .route("/price", get(price))
//!         .route("/beta", get(|| async { "the beta" }).layer(Gate::on("beta")))
//!         .layer(FlagsLayer::new(flags).context(|parts, mut ctx| {
//!             // There if the routes are served by `into_make_service_with_connect_info`.
//!             if let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
//!                 ctx = ctx.ip(client_ip(&parts.headers, peer.ip(), 1)); // behind one proxy of ours
//!             }
//!             ctx.request(header_text(&parts.headers, "x-request-id"))
//!         }))
//! }
//! ```
//!
//! # A handler under test
//!
//! The routes take a handle, and a test gives them one from the test kit:
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use axum::{Router, body::{Body, to_bytes}, routing::get};
//! use hoist::{testing, tower::{FlagsLayer, RequestFlags}};
//! use http::Request;
//! use tower::ServiceExt; // `tower` with its feature `util`, in [dev-dependencies]
//!
//! fn routes(flags: hoist::Flags) -> Router {
//!     let price = async |flags: RequestFlags| {
//!         if flags.is_enabled("new-pricing") { "90" } else { "100" }
//!     };
//!     Router::new().route("/price", get(price)).layer(FlagsLayer::new(flags))
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let flags = testing::flags().off("new-pricing").build();
//! let service = routes(flags.clone());
//! let price = async || {
//!     let request = Request::get("/price").body(Body::empty()).unwrap();
//!     let response = service.clone().oneshot(request).await.unwrap();
//!     to_bytes(response.into_body(), 100).await.unwrap()
//! };
//! assert_eq!(price().await, "100");
//! let _forced = flags.force("new-pricing", true);
//! assert_eq!(price().await, "90");
//! # });
//! # }
//! ```

use std::fmt;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::tower::RequestFlags;

impl<S: Sync> FromRequestParts<S> for RequestFlags {
    type Rejection = MissingFlagsLayer;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<RequestFlags, MissingFlagsLayer> {
        parts.extensions.get().cloned().ok_or(MissingFlagsLayer(()))
    }
}

/// A handler wants [`RequestFlags`] and no layer provides them: `500 Internal Server Error`.
///
/// # Examples
///
/// ```
/// use axum_core::extract::FromRequestParts;
/// use axum_core::response::IntoResponse;
/// use hoist::tower::RequestFlags;
/// use std::future::Future;
/// # use std::pin::pin;
/// # use std::task::{Context, Poll, Waker};
///
/// let (mut parts, _) = http::Request::new(()).into_parts();
/// let mut extracted = pin!(RequestFlags::from_request_parts(&mut parts, &()));
/// # let mut task = Context::from_waker(Waker::noop());
/// let Poll::Ready(Err(missing)) = extracted.as_mut().poll(&mut task) else { panic!() };
/// assert!(missing.to_string().contains("FlagsLayer"));
/// assert_eq!(missing.into_response().status(), 500);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MissingFlagsLayer(());

impl fmt::Display for MissingFlagsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no `hoist::tower::FlagsLayer` is around this route, so there are no flags")
    }
}

impl std::error::Error for MissingFlagsLayer {}

impl IntoResponse for MissingFlagsLayer {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}
