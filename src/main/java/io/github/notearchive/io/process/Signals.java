package io.github.notearchive.io.process;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Consumer;

/** Signals that end a process. */
public final class Signals {

    private Signals() {}

    /**
     * Handles SIGTERM, SIGINT and SIGHUP from now on. The only API is {@code sun.misc.Signal} of the module
     * {@code jdk.unsupported}; it is called by reflection, since the compiler warning about it cannot be suppressed.
     *
     * @param receiver gets the name of each signal
     */
    public static void handle(Consumer<String> receiver) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Method handle = signal.getMethod("handle", signal, handler);
            for (String name : List.of("TERM", "INT", "HUP")) {
                Class<?>[] interfaces = {handler};
                Object proxy = Proxy.newProxyInstance(Signals.class.getClassLoader(), interfaces, (_, method, _) -> {
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
}
