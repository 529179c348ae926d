package io.github.notearchive.browse;

import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.store.StoreException;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Pages of refused and failed requests, without details of the program. */
@RestController
@ControllerAdvice
final class ErrorPages implements ErrorController {

    private static final Logger log = LoggerFactory.getLogger(ErrorPages.class);

    private final PageRenderer pages;

    ErrorPages(PageRenderer pages) {
        this.pages = pages;
    }

    @RequestMapping("/error")
    ResponseEntity<String> error(HttpServletRequest request) {
        Object code = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        HttpStatus status = code instanceof Integer number ? HttpStatus.valueOf(number) : HttpStatus.NOT_FOUND;
        String key = "error." + status.value();
        String known = pages.site(request).texts().bundle().containsKey(key)
                ? key
                : status.is4xxClientError() ? "error.400" : "error.500";
        return pages.page(request, status, "browse/error", Map.of("key", known, "status", status.value()));
    }

    /** A search that takes too long, or a server that does not respond, is no error of the program. */
    @ExceptionHandler({QueryTimeoutException.class, DataAccessResourceFailureException.class, StoreException.class})
    ResponseEntity<String> unavailable(HttpServletRequest request, RuntimeException failure) {
        log.warn("{} failed: {}", request.getRequestURI(), DatabaseErrors.summary(failure));
        return pages.page(
                request, HttpStatus.SERVICE_UNAVAILABLE, "browse/error", Map.of("key", "error.503", "status", 503));
    }
}
