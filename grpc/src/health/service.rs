//! The service itself.

use std::future::poll_fn;

use super::{Health, HealthCheckRequest, HealthCheckResponse, HealthReporter};
use crate::{Cx, Outbound, Result, Status};

/// Answers what a [`HealthReporter`] was told. Made by [`service`](super::service).
#[derive(Debug)]
pub struct HealthService {
    reporter: HealthReporter,
}

impl HealthService {
    pub(super) fn new(reporter: HealthReporter) -> Self {
        Self { reporter }
    }
}

impl Health for HealthService {
    async fn check(&self, _: &mut Cx<'_>, request: HealthCheckRequest) -> Result<HealthCheckResponse> {
        match self.reporter.get(&request.service) {
            Some(status) => Ok(HealthCheckResponse { status: status.into() }),
            None => Err(Status::not_found("there is no such service")),
        }
    }

    async fn watch(
        &self,
        _: &mut Cx<'_>,
        request: HealthCheckRequest,
        output: &mut Outbound<HealthCheckResponse>,
    ) -> Result<()> {
        let too_many = || Status::resource_exhausted("too many watchers");
        let mut watcher = self.reporter.watch(request.service).ok_or_else(too_many)?;
        loop {
            let status = poll_fn(|cx| watcher.poll_change(cx)).await;
            output.send(HealthCheckResponse { status: status.into() }).await?;
        }
    }
}
