//! Functions that are no main function and no test.

#[minato_runtime::test]
fn not_async() {}

#[minato_runtime::test]
async fn takes_arguments(_number: u8) {}

#[test]
#[minato_runtime::test]
async fn runs_twice() {}

#[minato_runtime::test]
#[test]
async fn runs_twice_too() {}

#[minato_runtime::main]
fn not_async_either() {}

fn main() {}
