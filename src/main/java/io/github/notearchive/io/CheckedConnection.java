package io.github.notearchive.io;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.impl.io.DefaultManagedHttpClientConnection;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestWriterFactory;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParserFactory;
import org.apache.hc.core5.http.impl.io.SocketHolder;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.StatusLine;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Connection that counts as stale when the peer closed it, or sent bytes that belong to no response: a second response,
 * a body longer than its Content-Length, or the 408 of an idle connection.
 *
 * <p>Bytes that arrive after the check cannot be distinguished from the response to the next request. It takes no
 * header line of more than 8 KiB and no more than 100 of them.
 */
final class CheckedConnection extends DefaultManagedHttpClientConnection {

    private static final Http1Config BOUNDED =
            Http1Config.custom().setMaxLineLength(8192).setMaxHeaderCount(100).build();

    /** Timeout of a read that is expected to find nothing; 0 would wait without end. */
    private static final Timeout SHORTEST_READ = Timeout.ofMilliseconds(1);

    /** Idle time after which the connection is read from, in order to find its end. */
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    /** Bytes that were read from the socket and not yet from here; null until a body was read. */
    private volatile @Nullable SessionInputBuffer received;

    private volatile long idleSince = System.nanoTime();

    private String target = "";
    private boolean isOtherTarget;
    private String head = "";
    private boolean repeatsResponse;

    CheckedConnection(String id) {
        super(
                id,
                null,
                null,
                BOUNDED,
                null,
                null,
                new DefaultHttpRequestWriterFactory(BOUNDED),
                new DefaultHttpResponseParserFactory(BOUNDED));
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

    @Override
    protected void onResponseReceived(ClassicHttpResponse response) {
        super.onResponseReceived(response);
        String received = new StatusLine(response) + Arrays.toString(response.getHeaders());
        repeatsResponse = isOtherTarget && received.equals(head);
        head = received;
    }

    /** Whether the head of the last response equals that of the response to another target. */
    boolean repeatsResponse() {
        return repeatsResponse;
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
     * Whether bytes wait to be read, which is known without a wait: of TLS, too, nothing is buffered but what is
     * decrypted. What waits there undecrypted may be a message of the protocol itself, so it is read.
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
