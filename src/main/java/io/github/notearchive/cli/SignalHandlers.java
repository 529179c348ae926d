package io.github.notearchive.cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * SIGTERM, SIGINT and SIGHUP end the run in order, and the process returns what the run came to: a JVM that dies of a
 * signal by itself returns 143 whatever the program says. SIGHUP that is ignored from the start, as under
 * {@code nohup}, the virtual machine goes on to ignore.
 *
 * <p>A signal that comes while the program is still starting is kept until there is a gate to close.
 */
final class SignalHandlers {

    private static final String HANGUP = "SIGHUP";

    private final List<String> early = new ArrayList<>();
    private boolean isStopping;
    private @Nullable Consumer<String> gate;

    SignalHandlers() {}

    static SignalHandlers install() {
        SignalHandlers signals = new SignalHandlers();
        handle(signals::received);
        return signals;
    }

    /**
     * Takes the three signals from now on. The platform's only way to take one without dying of it is
     * {@code sun.misc.Signal}, a class that the module {@code jdk.unsupported} exports; the compiler warns of its name
     * whatever it is told, so it is reached by reflection.
     */
    static void handle(Consumer<String> receiver) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Method handle = signal.getMethod("handle", signal, handler);
            for (String name : List.of("TERM", "INT", "HUP")) {
                Object proxy = Proxy.newProxyInstance(
                        handler.getClassLoader(),
                        new Class<?>[] {handler},
                        (self, method, arguments) -> switch (method.getName()) {
                            case "equals" -> System.identityHashCode(self) == System.identityHashCode(arguments[0]);
                            case "hashCode" -> System.identityHashCode(self);
                            case "toString" -> "SignalHandlers";
                            default -> {
                                receiver.accept("SIG" + name);
                                yield null;
                            }
                        });
                handle.invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("This Java runtime lets no program take signals: " + e, e);
        }
    }

    /**
     * SIGHUP counts as the first signal only, since a second one gives up calls that may be paid for. A terminal that
     * is closed sends it twice, by the kernel and by the shell; systemd sends it right behind SIGTERM when a session
     * ends; and who has pressed Ctrl-C may close the terminal and not mean it.
     */
    synchronized void received(String name) {
        boolean isFirst = !isStopping;
        isStopping = true;
        if (name.equals(HANGUP) && !isFirst) {
            return;
        }
        if (gate == null) {
            early.add(name);
        } else {
            gate.accept(name);
        }
    }

    /** Passes signals on to a gate from now on, those that came before included. */
    synchronized void passTo(Consumer<String> stop) {
        gate = stop;
        early.forEach(stop);
        early.clear();
    }
}
