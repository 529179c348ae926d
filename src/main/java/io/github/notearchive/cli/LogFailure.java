package io.github.notearchive.cli;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.IThrowableProxy;

/** An exception with its stack, indented, so that no message of one can pass for a log line. */
public final class LogFailure extends ThrowableProxyConverter {

    @Override
    protected String throwableProxyToString(IThrowableProxy failure) {
        return "    " + Harmless.lines(super.throwableProxyToString(failure));
    }
}
