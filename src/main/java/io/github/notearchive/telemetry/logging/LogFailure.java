package io.github.notearchive.telemetry.logging;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.IThrowableProxy;
import io.github.notearchive.io.TerminalText;

/** An exception with its stack, indented, so that no message of one can pass for a log line. */
public final class LogFailure extends ThrowableProxyConverter {

    @Override
    protected String throwableProxyToString(IThrowableProxy failure) {
        return "    " + TerminalText.lines(super.throwableProxyToString(failure));
    }
}
