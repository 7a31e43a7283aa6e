//! A service over loopback: each request meets one state, whatever happens to the file meanwhile.

#![cfg(feature = "axum")]

mod folder;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use folder::{Folder, wait_until};
use hoist::http::{client_ip, header_text};
use hoist::tower::{FlagsLayer, Gate, RequestFlags};
use hoist::{Context, ContextBuf, Flags, Snapshot, Watch};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const TOGGLES: &str = "
version: 1
flags:
  for-ada: { rules: [{ name: ada, when: { user: ada } }] }
  for-qa:
    rules:
      - { name: header, when: { header.x-qa: '1' } }
      - { name: cookie, when: { cookie.qa: yes please } }
  for-acme: { rules: [{ name: acme, when: { tenant: acme, session: s1, region: nz } }] }
  from-office: { rules: [{ name: office, when: { ip: 203.0.113.0/24 } }] }
  for-r1: { rules: [{ name: r1, when: { request: r1 } }] }
  on-for-all: on
  colour: { variants: { a: grey, b: blue }, default: b }
";

hoist::flags! {
    FOR_ADA: bool = "for-ada", default false;
    ON_FOR_ALL: bool = "on-for-all", default false;
    COLOUR: &'static str = "colour", default "none";
}

/// A server that ends with the value.
struct Server {
    runtime: Option<Runtime>,
    address: SocketAddr,
}

impl Server {
    fn start(routes: Router) -> Server {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        runtime.spawn(async move { axum::serve(listener, service).await });
        Server { runtime: Some(runtime), address }
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Client(BufReader::new(stream))
    }

    /// The status and the body that a new connection gets.
    fn get(&self, path: &str, headers: &[&str]) -> (u16, String) {
        self.client().get(path, headers)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A connection that speaks as much HTTP/1.1 as is needed here.
struct Client(BufReader<TcpStream>);

impl Client {
    fn get(&mut self, path: &str, headers: &[&str]) -> (u16, String) {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n{headers}\r\n");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        loop {
            let line = self.line().to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the server has hung up");
        line.trim_end().to_owned()
    }
}

fn open(folder: &Folder, text: &str) -> Flags {
    Flags::open(folder.write("flags.yaml", text)).unwrap()
}

/// Which boolean flags are on.
async fn which(flags: RequestFlags) -> String {
    let names = flags.snapshot().flags();
    names.filter(|name| flags.is_enabled(*name)).collect::<Vec<_>>().join(" ")
}

/// What this service knows of a request, behind two proxies of its own.
fn layer(flags: Flags) -> FlagsLayer {
    FlagsLayer::new(flags).context(|parts, ctx| {
        let text = |name| header_text(&parts.headers, name);
        let ctx = ctx.user(text("x-user")).tenant(text("x-tenant")).session(text("x-session"));
        let ctx = ctx.request(text("x-request-id"));
        match parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            Some(ConnectInfo(peer)) => ctx.region("nz").ip(client_ip(&parts.headers, peer.ip(), 2)),
            None => ctx,
        }
    })
}

#[test]
fn a_request_is_answered_by_what_is_known_of_it() {
    let folder = Folder::new();
    let routes = Router::new().route("/", get(which)).layer(layer(open(&folder, TOGGLES)));
    let server = Server::start(routes);
    let on = |headers: &[&str]| {
        let (status, body) = server.get("/", headers);
        assert_eq!(status, 200);
        body.strip_suffix("on-for-all").unwrap().trim().to_owned()
    };
    assert_eq!(on(&[]), "");
    assert_eq!(on(&["x-user: ada"]), "for-ada");
    assert_eq!(on(&["x-user: bob"]), "");
    assert_eq!(on(&["X-QA: 1", "X-QA: 2"]), "for-qa");
    assert_eq!(on(&["X-QA: 2", "X-QA: 1"]), "");
    assert_eq!(on(&["cookie: theme=dark", "cookie: qa=yes%20please"]), "for-qa");
    assert_eq!(on(&["x-tenant: acme", "x-session: s1"]), "for-acme");
    assert_eq!(on(&["x-request-id: r1"]), "for-r1");
    let through_proxies = ["x-forwarded-for: 203.0.113.7", "x-forwarded-for: 198.51.100.2"];
    assert_eq!(on(&through_proxies), "from-office");
    assert_eq!(on(&["x-forwarded-for: 203.0.113.7, 198.51.100.1, 198.51.100.2"]), "");
    assert_eq!(on(&["x-forwarded-for: 203.0.113.7"]), "", "around one of the proxies");
}

#[test]
fn a_gate_lets_in_those_for_whom_its_flags_are_on() {
    let folder = Folder::new();
    let inside = || get(|| async { "inside" });
    let teapot = || {
        let mut response = axum::response::Response::new("a teapot".into());
        *response.status_mut() = http::StatusCode::IM_A_TEAPOT;
        response
    };
    let routes = Router::new()
        .route("/on", inside().layer(Gate::on(&FOR_ADA)))
        .route("/off", inside().layer(Gate::off("for-ada")))
        .route("/all", inside().layer(Gate::all([&FOR_ADA, &ON_FOR_ALL])))
        .route("/any", inside().layer(Gate::any(["for-ada", "no-such-flag"])))
        .route("/none", inside().layer(Gate::all::<&str>([])))
        .route("/other-type", inside().layer(Gate::on("colour")))
        .route("/when", inside().layer(Gate::when(|flags| flags.value(&COLOUR) == "blue")))
        .route("/teapot", inside().layer(Gate::on(&FOR_ADA).otherwise(teapot)))
        .layer(layer(open(&folder, TOGGLES)));
    let server = Server::start(routes);
    let seen = |path| ["x-user: ada", "x-user: bob"].map(|user| server.get(path, &[user]).0);
    for (path, expected) in [
        ("/on", [200, 404]),
        ("/off", [404, 200]),
        ("/all", [200, 404]),
        ("/any", [200, 404]),
        ("/none", [404, 404]),
        ("/other-type", [404, 404]),
        ("/when", [200, 200]),
        ("/teapot", [200, 418]),
    ] {
        assert_eq!(seen(path), expected, "{path}");
    }
    assert_eq!(server.get("/on", &[]), (404, String::new()));
    assert_eq!(server.get("/teapot", &[]).1, "a teapot");
}

#[test]
fn without_the_layer_nobody_is_let_in_and_the_mistake_is_plain() {
    let routes = Router::new()
        .route("/", get(which))
        .route("/on", get(|| async { "inside" }).layer(Gate::on("a")))
        .route("/off", get(|| async { "inside" }).layer(Gate::off("a")));
    let server = Server::start(routes);
    let (status, body) = server.get("/", &[]);
    assert_eq!(status, 500);
    assert_eq!(body, "no `hoist::tower::FlagsLayer` is around this route, so there are no flags");
    assert_eq!(server.get("/on", &[]).0, 500);
    assert_eq!(server.get("/off", &[]).0, 500);
}

const BEFORE: &str = "version: 1\nflags: { old: on, new: off }\n";
const AFTER: &str = "version: 1\nflags: { old: off, new: on }\n";

#[test]
fn a_request_that_runs_while_the_file_is_edited_keeps_its_answers() {
    let folder = Folder::new();
    let live = open(&folder, BEFORE);
    let runs = Arc::new(AtomicBool::new(false));
    let handler = {
        let (live, runs) = (live.clone(), Arc::clone(&runs));
        move |flags: RequestFlags| async move {
            let first = which(flags.clone()).await;
            runs.store(true, Ordering::SeqCst);
            // Until the edit is live for everyone else.
            while !live.is_enabled("new", &Context::new()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            format!("{first}, then {}", which(flags).await)
        }
    };
    let routes = Router::new().route("/", get(handler)).layer(FlagsLayer::new(live));
    let server = Server::start(routes);
    thread::scope(|scope| {
        let request = scope.spawn(|| server.get("/", &[]).1);
        wait_until("the request runs", || runs.load(Ordering::SeqCst));
        folder.write("flags.yaml", AFTER);
        assert_eq!(request.join().unwrap(), "old, then old");
    });
    assert_eq!(server.get("/", &[]).1, "new, then new");
}

#[test]
fn no_request_sees_two_answers() {
    const CLIENTS: usize = 4;
    let folder = Folder::new();
    let live = open(&folder, BEFORE);
    let handler = |flags: RequestFlags| async move {
        let first = which(flags.clone()).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        format!("{first} {} {}", which(flags.clone()).await, flags.snapshot().generation())
    };
    let routes = Router::new().route("/", get(handler)).layer(FlagsLayer::new(live.clone()));
    let server = Server::start(routes);
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let seen = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let (mut client, mut newest) = (server.client(), 0);
                    while !done.load(Ordering::SeqCst) {
                        let (status, body) = client.get("/", &[]);
                        let words: Vec<&str> = body.split(' ').collect();
                        let [first, second, generation] = words[..] else { panic!("{body}") };
                        assert_eq!((status, first), (200, second));
                        seen.lock().unwrap().insert(first.to_owned());
                        // One after the other, a client never goes back in time.
                        let generation: u32 = generation.parse().unwrap();
                        assert!(generation >= newest, "{generation} after {newest}");
                        newest = generation;
                        asked.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for text in [AFTER, BEFORE, AFTER, BEFORE, AFTER] {
            folder.write("flags.yaml", text);
            let expected = text == AFTER;
            wait_until("the edit is live", || live.is_enabled("new", &Context::new()) == expected);
            // Requests of each state, from beginning to end.
            let so_far = asked.load(Ordering::SeqCst);
            wait_until("requests", || {
                asked.load(Ordering::SeqCst) > so_far + CLIENTS
                    || clients.iter().any(|client| client.is_finished())
            });
        }
        done.store(true, Ordering::SeqCst);
    });
    let seen: Vec<String> = seen.into_inner().unwrap().into_iter().collect();
    assert_eq!(seen, ["new", "old"]);
}

#[test]
fn the_instant_of_a_request_is_taken_once() {
    let folder = Folder::new();
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = {
        let seconds = Arc::clone(&seconds);
        move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst))
    };
    let text = "version: 1\nflags: { later: { rules: [{ when: everyone, from: 1970-01-02T00:00:00Z }] } }\n";
    let open = |base: ContextBuf| {
        let builder = Flags::builder().file(folder.write("flags.yaml", text));
        builder.watch(Watch::OnDemand).clock(clock.clone()).context(base).open().unwrap()
    };
    let is_on = |flags: &RequestFlags| flags.is_enabled("later");
    let flags = open(ContextBuf::new());
    let early = RequestFlags::new(flags.snapshot(), ContextBuf::new());
    let says = ContextBuf::new().at(SystemTime::UNIX_EPOCH + Duration::from_secs(200_000));
    let tomorrow = RequestFlags::new(flags.snapshot(), says.clone());
    assert_eq!([&early, &tomorrow].map(is_on), [false, true]);
    seconds.store(100_000, Ordering::SeqCst);
    let late = RequestFlags::new(flags.snapshot(), ContextBuf::new());
    assert_eq!([&early, &tomorrow, &late].map(is_on), [false, true, true]);
    seconds.store(0, Ordering::SeqCst);
    let of_service = RequestFlags::new(open(says).snapshot(), ContextBuf::new());
    assert!(is_on(&of_service), "the service's own instant counts before the clock");
}

#[test]
fn the_flags_of_a_request_can_go_anywhere() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<RequestFlags>();
    is_shared::<FlagsLayer>();
    is_shared::<Gate<axum::body::Body>>();
    let snap = Snapshot::from_yaml(TOGGLES).unwrap();
    let flags = RequestFlags::new(snap, ContextBuf::new().user("ada-secret"));
    assert_eq!(flags.value(&COLOUR), "blue");
    let shown = format!("{flags:?}");
    assert!(shown.contains("user") && !shown.contains("secret"), "{shown}");
}
