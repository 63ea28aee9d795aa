//! Generated code whose names need care.

use minato_grpc::server::Register;
use minato_grpc::{Cx, Outbound, Result};

use crate::generated::Msg;
use crate::generated::odd::{
    HttpOdd, HttpOddClient, HttpOddServer, NOTHING_METHODS, New, Outer, outer::Inner,
};
use crate::kit::{msg, run};

#[derive(Debug)]
struct Odd;

impl HttpOdd for Odd {
    async fn r#type(&self, _: &mut Cx<'_>, request: Inner) -> Result<Outer> {
        Ok(Outer { inner: Some(request) })
    }

    async fn new(&self, _: &mut Cx<'_>, request: New) -> Result<New> {
        Ok(request)
    }

    async fn connect(&self, _: &mut Cx<'_>, request: Msg, output: &mut Outbound<Msg>) -> Result<()> {
        output.send(request).await
    }
}

#[test]
fn keywords_and_taken_names_can_be_called() {
    run(async {
        let client = HttpOddClient::in_process(Odd);
        let inner = Inner { r#type: "kept".to_owned() };
        assert_eq!(client.r#type(inner.clone()).await.unwrap().inner, Some(inner));
        assert_eq!(client.new_(New {}).await.unwrap(), New {});
        let mut stream = client.connect_(msg("far")).await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap().text, "far");
    });
}

#[test]
fn the_wire_keeps_the_names_of_the_file() {
    assert_eq!(HttpOddServer::<Odd>::NAME, "minato.test.odd.HTTPOdd");
    assert_eq!(HttpOddServer::<Odd>::METHODS[1].path, "/minato.test.odd.HTTPOdd/New");
    assert_eq!(HttpOddServer::<Odd>::METHODS[0].input, "minato.test.odd.Outer.Inner");
    assert!(NOTHING_METHODS.is_empty());
}
