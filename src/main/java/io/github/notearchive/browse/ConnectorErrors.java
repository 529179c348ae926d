package io.github.notearchive.browse;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;

/**
 * Text for requests that reach no page, such as those with an invalid address, and for a page of {@link ErrorPages}
 * that fails. Tomcat's own text names the status alone.
 */
public final class ConnectorErrors extends ErrorReportValve {

    @Override
    protected void report(Request request, Response response, @Nullable Throwable failure) {
        HttpStatus status = HttpStatus.resolve(response.getStatus());
        if (status == null || !status.isError() || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        response.setContentType(MediaType.TEXT_PLAIN_VALUE);
        response.setCharacterEncoding(StandardCharsets.UTF_8);
        try {
            Writer writer = response.getReporter();
            if (writer != null) {
                writer.write(
                        status.is4xxClientError()
                                ? "This request is not valid. Nothing was read.\n"
                                : "The page failed. The log of this server says why.\n");
                response.finishResponse();
            }
        } catch (IOException _) {
            // the reader has left
        }
    }
}
