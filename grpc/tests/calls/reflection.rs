//! What reflection says about a server.

use minato_grpc::client::Channel;
use minato_grpc::reflection::{v1, v1alpha};
use minato_grpc::{Code, Inbound, Outbound};
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use v1::server_reflection_request::MessageRequest;
use v1::server_reflection_response::MessageResponse;

use crate::generated::FILE_DESCRIPTOR_SET;
use crate::kit::{routes, run};

struct Asker {
    requests: Outbound<v1::ServerReflectionRequest>,
    responses: Inbound<v1::ServerReflectionResponse>,
}

impl Asker {
    async fn new() -> Self {
        let client = v1::ServerReflectionClient::new(Channel::in_process(routes().with_reflection()));
        let (requests, responses) = client.server_reflection_info().await.unwrap();
        Self { requests, responses }
    }

    async fn ask(&mut self, request: Option<MessageRequest>) -> MessageResponse {
        let request = v1::ServerReflectionRequest { host: "here".to_owned(), message_request: request };
        self.requests.send(request.clone()).await.unwrap();
        let response = self.responses.next().await.unwrap().unwrap();
        assert_eq!(response.valid_host, "here");
        assert_eq!(response.original_request, Some(request));
        response.message_response.unwrap()
    }

    async fn files(&mut self, request: MessageRequest) -> Vec<String> {
        let MessageResponse::FileDescriptorResponse(files) = self.ask(Some(request)).await else { panic!() };
        let name = |file: bytes::Bytes| FileDescriptorProto::decode(file).unwrap().name().to_owned();
        files.file_descriptor_proto.into_iter().map(name).collect()
    }

    async fn error(&mut self, request: Option<MessageRequest>) -> i32 {
        let MessageResponse::ErrorResponse(error) = self.ask(request).await else { panic!() };
        error.error_code
    }
}

const NAMES: [&str; 3] =
    ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", "minato.test.Echo"];

#[test]
fn services_are_listed() {
    run(async {
        let mut asker = Asker::new().await;
        let response = asker.ask(Some(MessageRequest::ListServices(String::new()))).await;
        let MessageResponse::ListServicesResponse(list) = response else { panic!() };
        assert_eq!(list.service.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), NAMES);
    });
}

#[test]
fn files_are_found_by_symbol_and_name() {
    run(async {
        let mut asker = Asker::new().await;
        let expected = ["minato/test/echo.proto", "google/protobuf/empty.proto"];
        for symbol in ["minato.test.Echo", "minato.test.Echo.Chat", "minato.test.Msg", "minato.test.Msg.text"]
        {
            let request = MessageRequest::FileContainingSymbol(symbol.to_owned());
            assert_eq!(asker.files(request).await, expected, "{symbol}");
        }
        let request = MessageRequest::FileByFilename("google/protobuf/empty.proto".to_owned());
        assert_eq!(asker.files(request).await, ["google/protobuf/empty.proto"]);
        let request =
            MessageRequest::FileContainingSymbol("grpc.reflection.v1alpha.ErrorResponse".to_owned());
        assert_eq!(asker.files(request).await, ["grpc/reflection/v1alpha/reflection.proto"]);
    });
}

#[test]
fn what_is_unknown_is_an_error_response_and_the_stream_goes_on() {
    run(async {
        let mut asker = Asker::new().await;
        let not_found = i32::from(Code::NotFound.number());
        let extension =
            v1::ExtensionRequest { containing_type: "minato.test.Msg".to_owned(), extension_number: 9 };
        let requests = [
            MessageRequest::FileContainingSymbol("no.Such".to_owned()),
            MessageRequest::FileByFilename("none.proto".to_owned()),
            MessageRequest::FileContainingExtension(extension),
            MessageRequest::AllExtensionNumbersOfType("no.Such".to_owned()),
        ];
        for request in requests {
            assert_eq!(asker.error(Some(request)).await, not_found);
        }
        assert_eq!(asker.error(None).await, i32::from(Code::InvalidArgument.number()));
    });
}

#[test]
fn the_older_version_answers_the_same() {
    run(async {
        let client = v1alpha::ServerReflectionClient::new(Channel::in_process(routes().with_reflection()));
        let (mut requests, mut responses) = client.server_reflection_info().await.unwrap();
        let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
        let request = v1alpha::ServerReflectionRequest { message_request: Some(list), ..Default::default() };
        requests.send(request).await.unwrap();
        let response = responses.next().await.unwrap().unwrap();
        let Some(v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(list)) =
            response.message_response
        else {
            panic!()
        };
        assert_eq!(list.service.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), NAMES);
    });
}

#[test]
fn the_generated_set_holds_the_file_and_its_imports() {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let names: Vec<_> = set.file.iter().map(|file| file.name()).collect();
    assert_eq!(names, ["google/protobuf/empty.proto", "minato/test/echo.proto"]);
}
