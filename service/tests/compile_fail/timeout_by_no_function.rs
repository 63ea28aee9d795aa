use std::time::Duration;

use minato_service::timeout::RequestTimeoutLayer;
use minato_service::{Layer, Service, service_fn};

fn serve(_: impl Service<u32>) {}

fn main() {
    let inner = service_fn(|n: u32| async move { Ok::<_, ()>(n) });
    serve(RequestTimeoutLayer::new(Duration::from_secs(1)).layer(inner));
}
