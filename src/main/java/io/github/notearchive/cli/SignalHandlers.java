package io.github.notearchive.cli;

import io.github.notearchive.io.process.Signals;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Handlers of SIGTERM, SIGINT and SIGHUP, which stop a run in order, so that the process returns the result of the run:
 * a JVM that is terminated by a signal returns 143. A SIGHUP that is ignored at the start, as under {@code nohup},
 * stays ignored by the JVM.
 *
 * <p>A signal during the start of the program is kept until a receiver is set.
 */
final class SignalHandlers {

    private static final String HANGUP = "SIGHUP";

    private final List<String> early = new ArrayList<>();
    private Consumer<String> receiver = early::add;
    private boolean isStopping;

    static SignalHandlers install() {
        SignalHandlers signals = new SignalHandlers();
        Signals.handle(signals::received);
        return signals;
    }

    /**
     * Receives a signal. SIGHUP is ignored after another signal, since a second one aborts calls that may be billed: a
     * closed terminal sends it twice, by the kernel and by the shell; systemd sends it after SIGTERM when a session
     * ends; and a user may close the terminal after Ctrl-C.
     */
    synchronized void received(String name) {
        boolean isFirst = !isStopping;
        isStopping = true;
        if (name.equals(HANGUP) && !isFirst) {
            return;
        }
        receiver.accept(name);
    }

    /** Sets the receiver, which also gets earlier signals. */
    synchronized void passTo(Consumer<String> stop) {
        receiver = stop;
        early.forEach(stop);
        early.clear();
    }
}
