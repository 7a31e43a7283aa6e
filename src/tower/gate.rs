//! A route that is there for those whom a flag lets in.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::RequestFlags;
use crate::key::BooleanKey;

/// A layer that answers `404 Not Found` in place of a service, unless the flags let the request in.
///
/// It asks the [`RequestFlags`] of the request, so that the gate and the handler behind it agree: put
/// it inside of a [`FlagsLayer`](super::FlagsLayer). Where there is none it lets nobody in, and answers
/// `500 Internal Server Error`, so that the mistake is not taken for a flag that is off.
///
/// # Examples
///
/// ```
/// use hoist::tower::{Gate, RequestFlags};
/// use hoist::{ContextBuf, Snapshot};
/// use http::{Request, Response, StatusCode};
/// # use std::convert::Infallible;
/// # use std::future::{Future, Ready, ready};
/// # use std::pin::pin;
/// # use std::task::{Context, Poll, Waker};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// hoist::flags! { pub NEW_PRICING: bool = "new-pricing", default false; }
///
/// # #[derive(Clone)]
/// # struct Handler;
/// # impl Service<Request<()>> for Handler {
/// #     type Response = Response<String>;
/// #     type Error = Infallible;
/// #     type Future = Ready<Result<Response<String>, Infallible>>;
/// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
/// #         Poll::Ready(Ok(()))
/// #     }
/// #     fn call(&mut self, _: Request<()>) -> Self::Future {
/// #         ready(Ok(Response::new("inside".to_owned())))
/// #     }
/// # }
/// # fn status(mut service: impl Service<Request<()>, Response = Response<String>, Error = Infallible>, user: &str) -> StatusCode {
/// #     let snap = Snapshot::from_yaml("version: 1
/// # flags: { new-pricing: { rules: [{ when: { user: ada } }] } }").unwrap();
/// #     let mut request = Request::new(());
/// #     request.extensions_mut().insert(RequestFlags::new(snap, ContextBuf::new().user(user)));
/// #     let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
/// #     response.status()
/// # }
/// let open_to_some = Gate::on(&NEW_PRICING).layer(Handler); // new-pricing is on for ada
/// assert_eq!(status(open_to_some.clone(), "ada"), StatusCode::OK);
/// assert_eq!(status(open_to_some, "bob"), StatusCode::NOT_FOUND);
///
/// let legacy = Gate::off(&NEW_PRICING).otherwise(|| {
///     let mut response = Response::new("gone for good".to_owned());
///     *response.status_mut() = StatusCode::GONE;
///     response
/// });
/// assert_eq!(status(legacy.layer(Handler), "ada"), StatusCode::GONE);
/// ```
pub struct Gate<R> {
    opens: Arc<dyn Fn(&RequestFlags) -> bool + Send + Sync>,
    otherwise: Arc<dyn Fn() -> Response<R> + Send + Sync>,
}

impl<R: Default> Gate<R> {
    /// Open where a boolean flag is on.
    pub fn on(flag: impl BooleanKey<'static> + Send + Sync + 'static) -> Gate<R> {
        Gate::when(move |flags| flags.is_enabled(flag))
    }

    /// Open unless a boolean flag is on: for what it replaces. A flag that is not there is not on.
    pub fn off(flag: impl BooleanKey<'static> + Send + Sync + 'static) -> Gate<R> {
        Gate::when(move |flags| !flags.is_enabled(flag))
    }

    /// Open where all of the flags are on; shut if none is named.
    pub fn all<F>(flags: impl IntoIterator<Item = F>) -> Gate<R>
    where
        F: BooleanKey<'static> + Send + Sync + 'static,
    {
        let named: Box<[F]> = flags.into_iter().collect();
        Gate::when(move |flags| {
            !named.is_empty() && named.iter().all(|flag| flags.is_enabled(*flag))
        })
    }

    /// Open where any of the flags is on.
    pub fn any<F>(flags: impl IntoIterator<Item = F>) -> Gate<R>
    where
        F: BooleanKey<'static> + Send + Sync + 'static,
    {
        let named: Box<[F]> = flags.into_iter().collect();
        Gate::when(move |flags| named.iter().any(|flag| flags.is_enabled(*flag)))
    }

    /// Open where a function of the flags says so: for a variant, or for more than one condition.
    ///
    /// ```
    /// use hoist::tower::Gate;
    ///
    /// let gate: Gate<String> = Gate::when(|flags| flags.decide("migration").variant() == "new");
    /// # let _ = gate;
    /// ```
    pub fn when(opens: impl Fn(&RequestFlags) -> bool + Send + Sync + 'static) -> Gate<R> {
        Gate { opens: Arc::new(opens), otherwise: Arc::new(|| empty(StatusCode::NOT_FOUND)) }
    }

    /// What is answered where the gate is shut, in place of an empty `404 Not Found`.
    #[must_use]
    pub fn otherwise(
        mut self,
        response: impl Fn() -> Response<R> + Send + Sync + 'static,
    ) -> Gate<R> {
        self.otherwise = Arc::new(response);
        self
    }
}

fn empty<R: Default>(status: StatusCode) -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() = status;
    response
}

impl<R> Clone for Gate<R> {
    fn clone(&self) -> Gate<R> {
        Gate { opens: Arc::clone(&self.opens), otherwise: Arc::clone(&self.otherwise) }
    }
}

impl<R> fmt::Debug for Gate<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl<S, R> Layer<S> for Gate<R> {
    type Service = GateService<S, R>;

    fn layer(&self, inner: S) -> GateService<S, R> {
        GateService { gate: self.clone(), inner }
    }
}

/// The service that a [`Gate`] makes of another.
///
/// # Examples
///
/// ```
/// use hoist::tower::{Gate, GateService};
/// use tower_layer::Layer;
///
/// fn gated<S>(inner: S) -> GateService<S, String> {
///     Gate::on("new-pricing").layer(inner)
/// }
/// assert!(format!("{:?}", gated("a service")).contains("a service"));
/// ```
#[derive(Debug)]
pub struct GateService<S, R> {
    gate: Gate<R>,
    inner: S,
}

impl<S: Clone, R> Clone for GateService<S, R> {
    fn clone(&self) -> GateService<S, R> {
        GateService { gate: self.gate.clone(), inner: self.inner.clone() }
    }
}

impl<S, B, R> Service<Request<B>> for GateService<S, R>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = GateFuture<S::Future, R>;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let state = match request.extensions().get::<RequestFlags>() {
            Some(flags) if (self.gate.opens)(flags) => {
                State::Open { future: self.inner.call(request) }
            }
            Some(_) => State::Shut { response: Some((self.gate.otherwise)()) },
            None => State::Shut { response: Some(empty(StatusCode::INTERNAL_SERVER_ERROR)) },
        };
        GateFuture { state }
    }
}

pin_project! {
    /// The future of a [`GateService`]: that of the service behind the gate, or the answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::tower::{GateFuture, GateService};
    /// use http::{Request, Response};
    /// use tower_service::Service;
    ///
    /// /// Where the type of the future has to be named.
    /// type FutureOf<S> = <GateService<S, String> as Service<Request<()>>>::Future;
    ///
    /// fn is_named<S>(future: FutureOf<S>) -> GateFuture<S::Future, String>
    /// where
    ///     S: Service<Request<()>, Response = Response<String>>,
    /// {
    ///     future
    /// }
    /// ```
    pub struct GateFuture<F, R> {
        #[pin]
        state: State<F, R>,
    }
}

pin_project! {
    #[project = StateProjected]
    enum State<F, R> {
        Open { #[pin] future: F },
        Shut { response: Option<Response<R>> },
    }
}

impl<F, R, E> Future for GateFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjected::Open { future } => future.poll(task),
            StateProjected::Shut { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                // It was taken: nobody polls a future again that is ready.
                None => Poll::Pending,
            },
        }
    }
}

impl<F, R> fmt::Debug for GateFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateFuture").finish_non_exhaustive()
    }
}
