//! The ways a server comes by the service of a connection.

use std::sync::Arc;

use bytes::Buf;
use http::{Request, Response};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_service::{BoxError, ServiceExt};
use tower_service::Service;

use super::callee::{Callee, Tower};
use super::config::ServerConfig;
use super::connection::serve;
use super::shutdown::Guest;
use super::stats::{Refusal, ServerEvent};
use crate::body::Body;
use crate::conn_info::ConnInfo;

/// Serves connections, each in a task of its own.
pub(super) trait Serving<Io> {
    /// Begins to serve a connection. How it ends is known to the guest; nobody waits for more.
    fn spawn(&self, io: Io, info: ConnInfo, config: Arc<ServerConfig>, guest: Guest);
}

/// One service, cloned for each connection.
pub(super) struct Cloned<C>(pub(super) C);

/// One service, cloned for each connection, on the thread that accepts.
pub(super) struct Local<C>(pub(super) C);

/// A service made for each connection, in the task of the connection.
pub(super) struct Made<M>(pub(super) M);

impl<Io, C> Serving<Io> for Cloned<C>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: Callee<Future: Send, Body: Send> + Clone + Send + 'static,
    C::Service: Service<Request<Body>, Future: Send> + Send,
{
    fn spawn(&self, io: Io, info: ConnInfo, config: Arc<ServerConfig>, guest: Guest) {
        drop(minato_runtime::spawn(serve(io, self.0.clone(), config, info, guest)));
    }
}

impl<Io, C> Serving<Io> for Local<C>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: Callee + Clone + 'static,
{
    fn spawn(&self, io: Io, info: ConnInfo, config: Arc<ServerConfig>, guest: Guest) {
        drop(minato_runtime::task::spawn_local(serve(io, self.0.clone(), config, info, guest)));
    }
}

impl<Io, M, S, B> Serving<Io> for Made<M>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    M: Service<ConnInfo, Response = S> + Clone + Send + 'static,
    M::Future: Send,
    S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Data: Buf,
    B::Error: Into<BoxError>,
{
    fn spawn(&self, io: Io, info: ConnInfo, config: Arc<ServerConfig>, guest: Guest) {
        let make = self.0.clone();
        drop(minato_runtime::spawn(async move {
            let made = make.oneshot(info.clone()).await.ok();
            match made {
                Some(service) => drop(serve(io, Tower(service), config, info, guest).await),
                // A connection that is refused its service closes.
                None => {
                    if let Some(handle) = &config.handle {
                        handle.note(info.peer, &ServerEvent::Refused(Refusal::Service));
                    }
                }
            }
        }));
    }
}
