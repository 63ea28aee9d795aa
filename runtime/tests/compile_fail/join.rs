//! What `join!` and `try_join!` cannot read.

async fn f() -> u8 {
    1
}

async fn no_comma() {
    minato_runtime::join!(f() f());
}

async fn no_comma_either() {
    minato_runtime::try_join!(f() f());
}

fn main() {}
