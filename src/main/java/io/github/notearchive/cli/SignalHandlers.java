package io.github.notearchive.cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
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
        handle(signals::received);
        return signals;
    }

    /**
     * Handles the three signals from now on. The only API is {@code sun.misc.Signal} of the module
     * {@code jdk.unsupported}; it is called by reflection, since the compiler warning about it cannot be suppressed.
     */
    static void handle(Consumer<String> receiver) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Method handle = signal.getMethod("handle", signal, handler);
            for (String name : List.of("TERM", "INT", "HUP")) {
                Class<?>[] interfaces = {handler};
                Object proxy =
                        Proxy.newProxyInstance(SignalHandlers.class.getClassLoader(), interfaces, (_, method, _) -> {
                            if (method.getName().equals("handle")) {
                                receiver.accept("SIG" + name);
                            }
                            return null;
                        });
                handle.invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("This Java runtime does not support signal handlers: " + e, e);
        }
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
