//! The two versions of the service.
//!
//! Their messages differ in nothing but the package, so one macro writes both over one [`Answer`].

use std::sync::Arc;

use bytes::Bytes;

use super::{Files, v1, v1alpha};
use crate::{Code, Cx, Inbound, Outbound, Result};

/// Answers from a set of [`Files`].
#[derive(Debug)]
pub(crate) struct Reflection {
    files: Arc<Files>,
}

impl Reflection {
    pub(crate) fn new(files: Arc<Files>) -> Self {
        Self { files }
    }
}

/// What is asked, whatever the version.
enum Question<'a> {
    File(&'a str),
    Symbol(&'a str),
    Extension(&'a str, i32),
    ExtensionNumbers(&'a str),
    Services,
    Nothing,
}

/// What is answered, whatever the version.
enum Answer {
    Files(Vec<Bytes>),
    ExtensionNumbers(String, Vec<i32>),
    Services(Vec<String>),
    Error(Code, &'static str),
}

impl Files {
    fn answer(&self, question: Question<'_>) -> Answer {
        let files = |found: Option<Vec<Bytes>>, missing| match found {
            Some(files) => Answer::Files(files),
            None => Answer::Error(Code::NotFound, missing),
        };
        match question {
            Question::File(name) => files(self.by_name(name), "there is no such file"),
            Question::Symbol(name) => files(self.by_symbol(name), "there is no such symbol"),
            Question::Extension(name, number) => {
                files(self.by_extension(name, number), "there is no such extension")
            }
            Question::ExtensionNumbers(name) => match self.extension_numbers(name) {
                Some(numbers) => Answer::ExtensionNumbers(name.to_owned(), numbers),
                None => Answer::Error(Code::NotFound, "there is no such message"),
            },
            Question::Services => Answer::Services(self.services().to_vec()),
            Question::Nothing => Answer::Error(Code::InvalidArgument, "the request asks for nothing"),
        }
    }
}

macro_rules! serve {
    ($version:ident) => {
        impl $version::ServerReflection for Reflection {
            async fn server_reflection_info(
                &self,
                _: &mut Cx<'_>,
                input: &mut Inbound<$version::ServerReflectionRequest>,
                output: &mut Outbound<$version::ServerReflectionResponse>,
            ) -> Result<()> {
                use $version::server_reflection_request::MessageRequest;
                use $version::server_reflection_response::MessageResponse;
                while let Some(request) = input.next().await? {
                    let question = match &request.message_request {
                        Some(MessageRequest::FileByFilename(name)) => Question::File(name),
                        Some(MessageRequest::FileContainingSymbol(name)) => Question::Symbol(name),
                        Some(MessageRequest::FileContainingExtension(extension)) => {
                            Question::Extension(&extension.containing_type, extension.extension_number)
                        }
                        Some(MessageRequest::AllExtensionNumbersOfType(name)) => {
                            Question::ExtensionNumbers(name)
                        }
                        Some(MessageRequest::ListServices(_)) => Question::Services,
                        None => Question::Nothing,
                    };
                    let response = match self.files.answer(question) {
                        Answer::Files(file_descriptor_proto) => {
                            MessageResponse::FileDescriptorResponse($version::FileDescriptorResponse {
                                file_descriptor_proto,
                            })
                        }
                        Answer::ExtensionNumbers(base_type_name, extension_number) => {
                            MessageResponse::AllExtensionNumbersResponse($version::ExtensionNumberResponse {
                                base_type_name,
                                extension_number,
                            })
                        }
                        Answer::Services(names) => {
                            let service =
                                names.into_iter().map(|name| $version::ServiceResponse { name }).collect();
                            MessageResponse::ListServicesResponse($version::ListServiceResponse { service })
                        }
                        Answer::Error(code, message) => {
                            MessageResponse::ErrorResponse($version::ErrorResponse {
                                error_code: code.number().into(),
                                error_message: message.to_owned(),
                            })
                        }
                    };
                    let response = $version::ServerReflectionResponse {
                        valid_host: request.host.clone(),
                        original_request: Some(request),
                        message_response: Some(response),
                    };
                    output.send(response).await?;
                }
                Ok(())
            }
        }
    };
}

serve!(v1);
serve!(v1alpha);
