package io.github.notearchive.browse;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.Principal;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Lets each reader run one search at a time.
 *
 * @param patience time that a second one waits before it is refused with status 429
 */
record SearchLimit(Duration patience, Map<String, Semaphore> readers) implements HandlerInterceptor {

    private static final Set<String> SEARCHES = Set.of("/suggest");
    private static final String HELD = SearchLimit.class.getName();

    SearchLimit(Duration patience) {
        this(patience, new ConcurrentHashMap<>());
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler)
            throws Exception {
        boolean isSearch = request.getParameter("q") != null || SEARCHES.contains(request.getRequestURI());
        if (!isSearch || request.getAttribute(HELD) != null) {
            return true;
        }
        Principal reader = request.getUserPrincipal();
        Semaphore turn = readers.computeIfAbsent(reader == null ? "" : reader.getName(), _ -> new Semaphore(1, true));
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
            request.removeAttribute(HELD);
            turn.release();
        }
    }
}
