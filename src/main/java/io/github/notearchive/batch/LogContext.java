package io.github.notearchive.batch;

import io.github.notearchive.note.NoteId;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** Log context of a thread: the job execution and the note that its log lines belong to. */
public final class LogContext {

    /** Keys of the MDC. */
    public static final String EXECUTION = "job_execution_id";

    public static final String NOTE = "note_id";

    private LogContext() {}

    /** Sets the execution of this thread; 0 removes it. */
    public static void execution(long id) {
        set(EXECUTION, id == 0 ? null : Long.toString(id));
    }

    /** Sets the note of this thread; null removes it. */
    public static void note(@Nullable NoteId id) {
        set(NOTE, id == null ? null : id.value());
    }

    private static void set(String key, @Nullable String value) {
        if (value == null) {
            MDC.remove(key);
        } else {
            MDC.put(key, value);
        }
    }

    public static void clear() {
        execution(0);
        note(null);
    }

    /** Wraps work so that it runs in this context on a thread without context, which is cleared afterwards. */
    public static <T> Supplier<T> carried(Supplier<T> work) {
        Map<String, String> here = MDC.getCopyOfContextMap();
        return () -> {
            if (here != null) {
                MDC.setContextMap(here);
            }
            try {
                return work.get();
            } finally {
                MDC.clear();
            }
        };
    }
}
