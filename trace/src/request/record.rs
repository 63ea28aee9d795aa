//! How a request ended, told once.

use std::any::type_name;

use http::header::HeaderMap;
use http::{Method, Request, Response, StatusCode};
use minato_runtime::time::Instant;
use tracing::{Span, error, info};

use super::grpc;
use super::span::{Opened, open};
use crate::context::{TraceContext, scope};

/// The open span of a request. Dropping it closes the span; what has not been told by then is that the request was
/// given up.
#[derive(Debug)]
pub(super) struct Record {
    span: Span,
    // Changes places with the current context while the request's own code runs.
    context: Option<TraceContext>,
    started: Instant,
    kind: Kind,
    status: Option<StatusCode>,
    rpc_status: Option<&'static str>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Http,
    /// The peer reads nothing after the head of the response.
    Head,
    Grpc,
}

/// What a drop means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The client went away.
    Open,
    /// The handler or the body panicked: its code was running and never returned.
    Running,
    /// The response is whole: the peer has all there is.
    Whole,
    /// Nothing, the outcome has been told.
    Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Ended,
    /// With an error of this type.
    Failed(&'static str),
    Cancelled,
    Panicked,
}

impl Record {
    /// Begins the span of a request; none where it is turned off.
    pub(super) fn begin<B>(request: &mut Request<B>) -> Option<Self> {
        let Opened { span, context, is_grpc } = open(request)?;
        request.extensions_mut().insert(context.clone());
        let kind = match request.method() {
            _ if is_grpc => Kind::Grpc,
            &Method::HEAD => Kind::Head,
            _ => Kind::Http,
        };
        Some(Self {
            span,
            context: Some(context),
            started: Instant::now(),
            kind,
            status: None,
            rpc_status: None,
            stage: Stage::Open,
        })
    }

    /// Runs code of the request inside its span and trace context.
    pub(super) fn run<T>(&mut self, code: impl FnOnce() -> T) -> T {
        let before = std::mem::replace(&mut self.stage, Stage::Running);
        let value = {
            let _entered = self.span.enter();
            let _scope = scope::enter(&mut self.context);
            code()
        };
        self.stage = before;
        value
    }

    /// Notes the head of the response.
    pub(super) fn head<B>(&mut self, response: &Response<B>) {
        let status = response.status();
        self.status = Some(status);
        self.span.record("http.response.status_code", status.as_u16());
        // The status of a gRPC response without messages.
        self.note_rpc_status(response.headers());
        // RFC 9110 §6.4.1: these responses have no content, whatever body they were given.
        if self.kind == Kind::Head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            self.stage = Stage::Whole;
        }
    }

    /// Notes the trailers, which are the end of a body.
    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        self.note_rpc_status(trailers);
        self.stage = Stage::Whole;
    }

    /// Notes that the last byte of the body has been taken. The peer of a gRPC call still waits for its status.
    pub(super) fn all_bytes_taken(&mut self) {
        if self.kind != Kind::Grpc {
            self.stage = Stage::Whole;
        }
    }

    /// The body has ended.
    pub(super) fn end(mut self) {
        self.tell(Outcome::Ended);
    }

    /// The service or the body failed with an error of the type `E`.
    pub(super) fn fail<E>(mut self) {
        self.tell(Outcome::Failed(type_name::<E>()));
    }

    fn note_rpc_status(&mut self, fields: &HeaderMap) {
        if self.kind == Kind::Grpc
            && let Some(status) = grpc::status(fields)
        {
            self.rpc_status = Some(status);
        }
    }

    fn tell(&mut self, outcome: Outcome) {
        self.stage = Stage::Told;
        let span = &self.span;
        let rpc_status = match outcome {
            // Whoever called without getting a status takes it for this one.
            Outcome::Ended if self.kind == Kind::Grpc => self.rpc_status.or(Some(grpc::UNKNOWN)),
            Outcome::Cancelled if self.kind == Kind::Grpc => Some(grpc::CANCELLED),
            _ => None,
        };
        if let Some(status) = rpc_status {
            span.record("rpc.response.status_code", status);
        }
        let http_error = self.status.as_ref().filter(|status| status.is_server_error());
        let error = match outcome {
            Outcome::Failed(error) => Some(error),
            Outcome::Panicked => Some("panic"),
            Outcome::Cancelled => Some("cancelled"),
            Outcome::Ended => rpc_status
                .filter(|status| grpc::is_server_error(status))
                .or_else(|| http_error.map(StatusCode::as_str)),
        };
        if let Some(error) = error {
            span.record("error.type", error);
        }
        span.record("http.server.request.duration", self.started.elapsed().as_secs_f64());
        match (outcome, error) {
            (Outcome::Cancelled, _) => info!(parent: span, "request cancelled by the client"),
            (_, None) => info!(parent: span, "request finished"),
            (_, Some(_)) => {
                span.record("otel.status_code", "ERROR");
                error!(parent: span, "request failed");
            }
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        match self.stage {
            Stage::Told => {}
            Stage::Open => self.tell(Outcome::Cancelled),
            Stage::Running => self.tell(Outcome::Panicked),
            Stage::Whole => self.tell(Outcome::Ended),
        }
    }
}
