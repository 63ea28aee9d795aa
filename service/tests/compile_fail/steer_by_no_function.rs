use minato_service::{Service, Steer, service_fn};

fn serve(_: impl Service<u32>) {}

fn main() {
    let inner = service_fn(|n: u32| async move { Ok::<_, ()>(n) });
    serve(Steer::new([inner], 0));
}
