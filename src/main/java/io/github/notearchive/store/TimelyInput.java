package io.github.notearchive.store;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;

/** Bytes that have to come within a time, all of them. Each wait for some has a limit of its own. */
final class TimelyInput extends FilterInputStream {

    private final long begun = System.nanoTime();
    private final long nanos;

    TimelyInput(InputStream in, Duration time) {
        super(in);
        this.nanos = time.toNanos();
    }

    @Override
    public int read() throws IOException {
        requireTime();
        return in.read();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        requireTime();
        return in.read(bytes, offset, length);
    }

    private void requireTime() throws SocketTimeoutException {
        if (System.nanoTime() - begun > nanos) {
            throw new SocketTimeoutException("not done in time");
        }
    }
}
