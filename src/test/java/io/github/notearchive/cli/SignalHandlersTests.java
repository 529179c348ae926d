package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A second signal gives up what may be paid for, so only one that somebody means is passed on. */
class SignalHandlersTests {

    private final SignalHandlers signals = new SignalHandlers();
    private final List<String> stops = new ArrayList<>();

    /** As systemd ends a session: SIGHUP comes right behind SIGTERM. */
    @ParameterizedTest
    @ValueSource(strings = {"SIGTERM", "SIGINT", "SIGHUP"})
    void aTerminalThatIsClosedIsNoSecondSignal(String first) {
        signals.passTo(stops::add);

        signals.received(first);
        signals.received("SIGHUP");

        assertThat(stops).containsExactly(first);
    }

    @Test
    void aSecondSignalCountsBehindATerminalThatWasClosed() {
        signals.passTo(stops::add);

        signals.received("SIGHUP");
        signals.received("SIGTERM");

        assertThat(stops).containsExactly("SIGHUP", "SIGTERM");
    }

    @Test
    void signalsThatComeBeforeThereIsAGateAreKeptByTheSameRule() {
        signals.received("SIGTERM");
        signals.received("SIGHUP");

        signals.passTo(stops::add);

        assertThat(stops).containsExactly("SIGTERM");
    }
}
