/*
 * One client's session: the handshake, with TLS on both sides when the client asks for it, and then
 * the bytes of both directions, with the client's commands followed as they pass.
 *
 * Runs in the calling thread until either side ends; makes and closes the connection to the engine
 * itself. What the client sees when something is wrong is one ERR packet.
 */
#pragma once

#include "endpoint/endpoint.h"
#include "net/conn.h"

/*
 * Serves the client on conn, which the caller frees. stop_fd becomes readable when the endpoint
 * stops: the session then ends.
 */
void session_run(const struct endpoint_spec *spec, struct conn *client, int stop_fd);
