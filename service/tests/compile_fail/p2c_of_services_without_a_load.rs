use minato_service::balance::{ServiceList, p2c};
use minato_service::{Service, service_fn};

fn serve(_: impl Service<u32>) {}

fn main() {
    let service = service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) });
    serve(p2c::Balance::new(ServiceList::new([Box::new(service)])));
}
