//! A service with flags: the user from a header of the session proxy, a price that depends on a
//! flag, a page that only some may see, the flags of a front end, and metrics.
//!
//! `cargo run --example axum_service --features axum`, and then, in another terminal, what it prints.
//! A toggle file of your own is given behind `--`.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use hoist::Flags;
use hoist::http::{client_ip, header_text};
use hoist::tower::{FlagsLayer, Gate, RequestFlags};
use tokio::net::TcpListener;

const TOGGLES: &str = r#"version: 1
flags:
  new-pricing:
    public: true
    rules:
      - name: qa
        when: { header.x-new-pricing: "1" }
        request_targeting: allow
      - name: staff
        when: { user: [ada, grace] }
  beta:
    rules: [{ name: here, when: { ip: [127.0.0.0/8, "::1"], user: ada } }]
"#;

hoist::flags! {
    /// Replaces the legacy price calculation.
    pub NEW_PRICING: bool = "new-pricing", default false;
}

/// How many proxies of ours stand before the service.
const TRUSTED_PROXIES: usize = 0;

async fn price(flags: RequestFlags) -> String {
    let price = if flags.is_enabled(&NEW_PRICING) { 90 } else { 100 };
    format!("{price}\n{}\n", flags.decide(&NEW_PRICING))
}

/// What the page in the browser may know.
async fn public(flags: RequestFlags) -> String {
    flags.public_json().to_string()
}

fn routes(flags: Flags) -> Router {
    let metrics = flags.clone();
    let layer = FlagsLayer::new(flags).context(|parts, ctx| {
        // Take the user from what has been verified. Here that is the header of a session proxy.
        let mut ctx = ctx
            .user(header_text(&parts.headers, "x-user"))
            .request(header_text(&parts.headers, "x-request-id"));
        if let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            ctx = ctx.ip(client_ip(&parts.headers, peer.ip(), TRUSTED_PROXIES));
        }
        ctx
    });
    Router::new()
        .route("/price", get(price))
        .route("/beta", get(|| async { "welcome to the beta\n" }).layer(Gate::on("beta")))
        .route("/flags.json", get(public))
        .layer(layer)
        .route("/metrics", get(async move || metrics.prometheus_text()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = match std::env::args_os().nth(1) {
        Some(given) => given.into(),
        None => {
            let name = format!("hoist-axum-service-{}.yaml", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, TOGGLES)?;
            path
        }
    };
    let flags = Flags::builder().file(&path).count_decisions().open()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    println!("curl -H 'x-user: ada' http://{at}/price");
    println!("curl -H 'x-user: bob' http://{at}/price");
    println!("curl -H 'x-user: bob' -H 'x-new-pricing: 1' http://{at}/price");
    println!("curl -i -H 'x-user: bob' http://{at}/beta");
    println!("curl -H 'x-user: ada' http://{at}/flags.json");
    println!("curl http://{at}/metrics");
    println!("\nThe flags are in {}: edit them, and ask again.", path.display());
    let service = routes(flags).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await?;
    Ok(())
}
