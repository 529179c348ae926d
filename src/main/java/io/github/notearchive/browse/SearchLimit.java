package io.github.notearchive.browse;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.Principal;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.HandlerInterceptor;

/** Lets each reader run one search at a time. */
final class SearchLimit implements HandlerInterceptor {

    private static final String HELD = SearchLimit.class.getName();

    private final Duration patience;
    private final Map<String, Semaphore> readers = new ConcurrentHashMap<>();

    /** @param patience time that a second search waits before it is refused with status 429 */
    SearchLimit(Duration patience) {
        this.patience = patience;
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler)
            throws Exception {
        Principal reader = request.getUserPrincipal();
        boolean isSearch = request.getParameter("q") != null || request.getParameter(NoteController.WITHIN) != null;
        if (!isSearch || reader == null) {
            return true;
        }
        Semaphore turn = readers.computeIfAbsent(reader.getName(), _ -> new Semaphore(1, true));
        if (!turn.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            response.sendError(429);
            return false;
        }
        request.setAttribute(HELD, turn);
        return true;
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception failure) {
        if (request.getAttribute(HELD) instanceof Semaphore turn) {
            turn.release();
        }
    }
}
