package io.github.notearchive.io.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.impl.io.DefaultManagedHttpClientConnection;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestWriterFactory;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParserFactory;
import org.apache.hc.core5.http.impl.io.SocketHolder;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.StatusLine;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * HTTP connection that is stale if the peer closed it, or sent bytes that belong to no response: a second response, a
 * body longer than its Content-Length, or the 408 of an idle connection.
 *
 * <p>Bytes that arrive after this check cannot be distinguished from the response to the next request. Headers are
 * limited to 100 lines of 8 KiB each.
 */
final class CheckedConnection extends DefaultManagedHttpClientConnection {

    private static final Http1Config BOUNDED =
            Http1Config.custom().setMaxLineLength(8192).setMaxHeaderCount(100).build();

    /** 0 would wait without end. */
    private static final Timeout SHORTEST_READ = Timeout.ofMilliseconds(1);

    /** Idle time after which the end of the connection is looked for by a read. */
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    /** Buffer with bytes that were read from the socket only; null until a body was read. */
    private volatile @Nullable SessionInputBuffer received;

    private volatile long idleSince = System.nanoTime();

    private final boolean rejectsRepeated;
    private String target = "";
    private boolean isOtherTarget;
    private String head = "";

    /**
     * @param socket connected socket; null before the connection is opened
     * @param rejectsRepeated whether a repeated response is a {@link RepeatedResponseException}
     */
    CheckedConnection(@Nullable Socket socket, boolean rejectsRepeated) throws IOException {
        super(
                "http-outgoing",
                null,
                null,
                BOUNDED,
                null,
                null,
                new DefaultHttpRequestWriterFactory(BOUNDED),
                new DefaultHttpResponseParserFactory(BOUNDED));
        this.rejectsRepeated = rejectsRepeated;
        if (socket != null) {
            bind(socket);
        }
    }

    /** The response is a copy of the previous one; the connection is closed. */
    static final class RepeatedResponseException extends IOException {

        private RepeatedResponseException() {
            super("the response repeats the previous one");
        }
    }

    @Override
    protected InputStream createContentInputStream(long length, SessionInputBuffer buffer, InputStream in) {
        received = buffer;
        return super.createContentInputStream(length, buffer, in);
    }

    @Override
    protected void onRequestSubmitted(ClassicHttpRequest request) {
        super.onRequestSubmitted(request);
        isOtherTarget = !target.equals(request.getRequestUri());
        target = request.getRequestUri();
    }

    /**
     * Receives the head of a response. A successful one that equals, byte by byte, the head of the response to another
     * target is a second copy, which arrived after the request was sent, too late for {@link #isStale}.
     */
    @Override
    public ClassicHttpResponse receiveResponseHeader() throws HttpException, IOException {
        ClassicHttpResponse response = super.receiveResponseHeader();
        if (rejectsRepeated) {
            String next = new StatusLine(response) + Arrays.toString(response.getHeaders());
            if (isOtherTarget && response.getCode() / 100 == 2 && next.equals(head)) {
                throw new RepeatedResponseException();
            }
            head = next;
        }
        return response;
    }

    @Override
    public void passivate() {
        idleSince = System.nanoTime();
        super.passivate();
    }

    @Override
    public boolean isStale() throws IOException {
        return !isOpen() || hasSurplus() || (System.nanoTime() - idleSince > IDLE_NANOS && super.isStale());
    }

    /**
     * Returns whether bytes are available, without waiting. Encrypted bytes may be a message of the TLS protocol
     * itself, so they are read.
     */
    private boolean hasSurplus() throws IOException {
        SessionInputBuffer buffer = received;
        SocketHolder sockets = getSocketHolder();
        if (buffer == null || sockets == null) {
            return isDataAvailable(SHORTEST_READ);
        }
        return buffer.length() > 0
                || sockets.getInputStream().available() > 0
                || (sockets.getSSLSocket() != null
                        && sockets.getBaseSocket().getInputStream().available() > 0
                        && isDataAvailable(SHORTEST_READ));
    }
}
