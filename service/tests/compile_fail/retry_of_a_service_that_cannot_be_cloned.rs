use std::time::Duration;

use minato_service::retry::StandardPolicy;
use minato_service::{Backoff, BoxService, Service, ServiceBuilder};

fn serve(_: impl Service<u32>) {}

fn main() {
    let inner = BoxService::new(minato_service::service_fn(|n: u32| async move { Ok::<_, ()>(n) }));
    let backoff = Backoff::new(Duration::ZERO, Duration::ZERO);
    let policy = StandardPolicy::new(backoff, |result: &Result<u32, ()>| result.is_err());
    serve(ServiceBuilder::new().retry(policy).service(inner));
}
