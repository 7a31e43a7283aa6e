//! `hoist explain`.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, ValueEnum};

use super::printed::{self, JsonReport, Named};
use super::{Exit, Streams};
use crate::context::{AttributeBuf, Builtin, ContextBuf};
use crate::error::Error;
use crate::literal::instant::parse_instant;
use crate::reason::Reason;
use crate::report::nearest;
use crate::snapshot::Snapshot;

/// Explain what a flag decides for a request, and why.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Explain {
    /// A toggle file, or a directory of them.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The name of the flag.
    #[arg(value_name = "FLAG")]
    flag: String,
    /// Lay this file over FILE; repeatable, the last on top.
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
    /// How to print it: human or json.
    #[arg(long, value_enum, default_value = "human", hide_possible_values = true)]
    format: Format,
    /// Print the steps of its conditions, and ask nothing.
    #[arg(long, conflicts_with = "format")]
    code: bool,
    #[command(flatten)]
    request: Request,
}

/// What is known of the request.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is known of the request")]
struct Request {
    /// The user, the unit of rollouts by default.
    #[arg(long, value_name = "TEXT")]
    user: Option<String>,
    /// The session.
    #[arg(long, value_name = "TEXT")]
    session: Option<String>,
    /// The region that the request is served in.
    #[arg(long, value_name = "TEXT")]
    region: Option<String>,
    /// The tenant, account or organisation.
    #[arg(long, value_name = "TEXT")]
    tenant: Option<String>,
    /// The environment, as production.
    #[arg(long, value_name = "TEXT")]
    env: Option<String>,
    /// The host that serves the request.
    #[arg(long, value_name = "TEXT")]
    host: Option<String>,
    /// The id of the request.
    #[arg(long, value_name = "TEXT")]
    request: Option<String>,
    /// The address of the client.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    ip: Option<IpAddr>,
    /// A header; any other is then known to be absent.
    #[arg(long = "header", value_name = "NAME:VALUE", value_parser = header)]
    headers: Vec<Pair>,
    /// The headers are known, although none is given.
    #[arg(long)]
    headers_known: bool,
    /// A cookie; any other is then known to be absent.
    #[arg(long = "cookie", value_name = "NAME=VALUE", value_parser = cookie)]
    cookies: Vec<Pair>,
    /// An attribute; VALUE is JSON or text, see below.
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, AttributeBuf)>,
    /// An attribute whose VALUE is text as it stands.
    #[arg(long = "attr-text", value_name = "NAME=VALUE", value_parser = attribute_text)]
    attribute_texts: Vec<Pair>,
    /// The time, as 2026-12-01T09:00:00Z [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<SystemTime>,
}

type Pair = (String, String);

const NOTES: &str = "\
What is not given is unknown, as it is to a service whose request lacks it.
Headers, cookies and attributes may be repeated; a header can be NAME=VALUE too.

The VALUE of --attr is read as JSON if it is a JSON number, boolean, list or
map, and else taken as text: age=36 is a number, plan=pro and zip=007 are texts.
A text that looks like a number, as the version in app=2.1, needs --attr-text.

Examples:
  hoist explain flags.yaml checkout --user ada --region nz
  hoist explain flags.yaml checkout --header 'X-Beta: 1' --cookie theme=dark
  hoist explain flags.yaml checkout --attr plan=pro --attr groups='[\"a\",\"b\"]'
  hoist explain base.yaml checkout --overlay production.yaml --env production
  hoist explain flags.yaml checkout --user ada --at 2026-12-01T09:00:00Z

Exit codes:
  0  the flag is explained
  1  a file is wrong, or there is no such flag
  2  wrong usage, or a file that cannot be read";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

impl Explain {
    pub(super) fn run(&self, to: &mut Streams<'_>) -> io::Result<Exit> {
        let named = Named { base: &self.file, overlays: &self.overlays };
        let snap = match Snapshot::from_files(named.paths()) {
            Ok(snap) => snap,
            Err(error) => return self.refused(&error, named, to),
        };
        if let Some(code) = snap.code(&self.flag).filter(|_| self.code) {
            write!(to.stdout, "{code}")?;
            return Ok(Exit::Fine);
        }
        let ctx = self.request.context();
        let explanation = snap.explain(self.flag.as_str(), &ctx.as_context());
        let is_there = explanation.decision().reason() != Reason::FlagNotFound;
        match self.format {
            Format::Json => printed::json(to.stdout, &explanation)?,
            Format::Human if is_there => {
                write!(to.stdout, "{}", explanation.rendered(to.colours.stdout))?;
            }
            Format::Human => {}
        }
        if is_there {
            return Ok(Exit::Fine);
        }
        to.error(&format!("there is no flag `{}` in {}", self.flag, named.together()))?;
        if let Some(meant) = nearest(&self.flag, snap.flags()) {
            writeln!(to.stderr, "help: did you mean `{meant}`?")?;
        }
        Ok(Exit::Wrong)
    }

    fn refused(&self, error: &Error, named: Named<'_>, to: &mut Streams<'_>) -> io::Result<Exit> {
        let Some(report) = error.report() else {
            to.error(&error.to_string())?;
            return Ok(Exit::Unusable);
        };
        match self.format {
            Format::Json => {
                printed::json_reports(to.stdout, &[JsonReport::new(named, report)])?;
            }
            Format::Human => {
                let colour = to.colours.stderr;
                let counted = printed::counted(report, colour);
                writeln!(to.stderr, "{}", report.rendered(colour))?;
                writeln!(to.stderr, "{}: {counted}", named.together())?;
            }
        }
        Ok(Exit::Wrong)
    }
}

impl Request {
    fn context(&self) -> ContextBuf {
        let mut ctx = ContextBuf::new();
        let texts = [
            (Builtin::User, &self.user),
            (Builtin::Session, &self.session),
            (Builtin::Region, &self.region),
            (Builtin::Tenant, &self.tenant),
            (Builtin::Env, &self.env),
            (Builtin::Host, &self.host),
            (Builtin::Request, &self.request),
        ];
        for (builtin, text) in texts {
            ctx = text.iter().fold(ctx, |ctx, text| ctx.with_text(builtin, text));
        }
        ctx = self.ip.iter().fold(ctx, |ctx, address| ctx.ip(*address));
        ctx = self.at.iter().fold(ctx, |ctx, at| ctx.at(*at));
        ctx = if self.headers_known { ctx.headers_given() } else { ctx };
        ctx = self.headers.iter().fold(ctx, |ctx, (name, value)| ctx.header(name, value));
        ctx = self.cookies.iter().fold(ctx, |ctx, (name, value)| ctx.cookie(name, value));
        for (name, value) in &self.attributes {
            ctx = ctx.attr(name, value.clone());
        }
        let texts = &self.attribute_texts;
        texts.iter().fold(ctx, |ctx, (name, value)| ctx.attr(name, value.as_str()))
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "it is neither an IPv4 nor an IPv6 address".to_owned())
}

fn instant(text: &str) -> Result<SystemTime, String> {
    let at = parse_instant(text).ok_or("an instant is written as 2026-12-01T09:00:00Z")?;
    Ok(at.into())
}

fn header(text: &str) -> Result<Pair, String> {
    // Neither sign can be in a name, so that the first of them ends it: RFC 9110, section 5.6.2.
    let is_token = |name: &str| {
        let marks = "!#$%&'*+-.^_`|~";
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
    };
    let (name, value) = match text.split_once([':', '=']) {
        Some((name, value)) if is_token(name) => (name, value),
        Some(_) | None => return Err("a header is written as NAME:VALUE".to_owned()),
    };
    // White space around the value is no part of it: section 5.5.
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

fn cookie(text: &str) -> Result<Pair, String> {
    pair(text).ok_or_else(|| "a cookie is written as NAME=VALUE".to_owned())
}

fn attribute_text(text: &str) -> Result<Pair, String> {
    pair(text).ok_or_else(|| "an attribute is written as NAME=VALUE".to_owned())
}

fn attribute(text: &str) -> Result<(String, AttributeBuf), String> {
    let (name, value) = attribute_text(text)?;
    let read = match serde_json::from_str(&value) {
        Ok(serde_json::Value::Bool(value)) => AttributeBuf::Boolean(value),
        Ok(serde_json::Value::Number(number)) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => AttributeBuf::Integer(value),
            (None, Some(value)) => AttributeBuf::Unsigned(value),
            (None, None) => number.as_f64().map_or(AttributeBuf::Text(value), AttributeBuf::Float),
        },
        Ok(json @ (serde_json::Value::Array(_) | serde_json::Value::Object(_))) => {
            AttributeBuf::Json(json)
        }
        Ok(serde_json::Value::Null | serde_json::Value::String(_)) | Err(_) => {
            AttributeBuf::Text(value)
        }
    };
    Ok((name, read))
}

fn pair(text: &str) -> Option<Pair> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
    Some((name.to_owned(), value.to_owned()))
}
