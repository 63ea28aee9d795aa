use minato_service::deadline::DeadlineLayer;
use minato_service::{Service, ServiceBuilder, service_fn};

fn serve(_: impl Service<u32>) {}

fn main() {
    let inner = service_fn(|n: u32| async move { Ok::<_, ()>(n) });
    serve(ServiceBuilder::new().layer(DeadlineLayer::new()).service(inner));
}
