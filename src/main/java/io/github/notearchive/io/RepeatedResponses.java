package io.github.notearchive.io;

import java.io.IOException;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.io.HttpClientConnection;
import org.apache.hc.core5.http.io.HttpResponseInformationCallback;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;

/**
 * Request executor that refuses a response with status 2xx whose head equals, byte by byte, that of the response to
 * another target before it on the same connection.
 *
 * <p>That is a second copy which arrived after the request had left, too late for the check of
 * {@link CheckedConnection}. Only for requests that cost nothing, since the caller sends them again.
 */
public final class RepeatedResponses extends HttpRequestExecutor {

    /** The response is a copy of the one before it; the connection is closed. */
    public static final class RepeatedResponseException extends IOException {

        private RepeatedResponseException() {
            super("the response is a copy of the one before it");
        }
    }

    @Override
    public ClassicHttpResponse execute(
            ClassicHttpRequest request,
            HttpClientConnection connection,
            HttpResponseInformationCallback information,
            HttpContext context)
            throws IOException, HttpException {
        ClassicHttpResponse response = super.execute(request, connection, information, context);
        if (response.getCode() / 100 == 2
                && connection instanceof CheckedConnection checked
                && checked.repeatsResponse()) {
            connection.close(CloseMode.IMMEDIATE);
            throw new RepeatedResponseException();
        }
        return response;
    }
}
