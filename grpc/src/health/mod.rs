//! `grpc.health.v1`: telling whether services can be called.
//!
//! [`service`] gives two ends: the service to add to [`Routes`](crate::Routes), and a [`HealthReporter`] with which
//! the application says how it is.
//!
//! ```
//! use minato_grpc::{Routes, health};
//!
//! let (reporter, service) = health::service();
//! reporter.set("helloworld.Greeter", health::ServingStatus::Serving);
//! let routes = Routes::new().add_service(service);
//! # drop(routes);
//! ```

mod reporter;
mod service;

pub use crate::generated::health_v1::health_check_response::ServingStatus;
pub use crate::generated::health_v1::{
    FILE_DESCRIPTOR_SET, HEALTH_METHODS, Health, HealthCheckRequest, HealthCheckResponse, HealthClient,
    HealthServer,
};
pub use reporter::HealthReporter;
pub use service::HealthService;

/// The health service, and the handle that sets what it says.
///
/// The server as a whole, whose name is empty, is serving from the start; no other service is known.
#[must_use]
pub fn service() -> (HealthReporter, HealthServer<HealthService>) {
    let reporter = HealthReporter::new();
    let service = HealthServer::new(HealthService::new(reporter.clone()));
    (reporter, service)
}
