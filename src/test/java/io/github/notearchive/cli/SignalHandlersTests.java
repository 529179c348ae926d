package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A second signal aborts calls that may be billed, so only an intended one is passed on. */
class SignalHandlersTests {

    private final SignalHandlers signals = new SignalHandlers();
    private final List<String> stops = new ArrayList<>();

    /** systemd ends a session with SIGTERM and SIGHUP. */
    @ParameterizedTest
    @ValueSource(strings = {"SIGTERM", "SIGINT", "SIGHUP"})
    void closedTerminalIsNotASecondSignal(String first) {
        signals.passTo(stops::add);

        signals.received(first);
        signals.received("SIGHUP");

        assertThat(stops).containsExactly(first);
    }

    @Test
    void secondSignalIsPassedAfterAClosedTerminal() {
        signals.passTo(stops::add);

        signals.received("SIGHUP");
        signals.received("SIGTERM");

        assertThat(stops).containsExactly("SIGHUP", "SIGTERM");
    }

    @Test
    void earlySignalsAreKept() {
        signals.received("SIGTERM");
        signals.received("SIGHUP");

        signals.passTo(stops::add);

        assertThat(stops).containsExactly("SIGTERM");
    }
}
