+++
description = "the line that makes a system, a browser or Java trust the CA, and the one that undoes it"
[set]
system = "debian"
+++
{%- set nick = "certforge-" ~ ca_id %}
{%- if system in ["debian", "alpine"] -%}
sudo cp {{ ca | shell }} /usr/local/share/ca-certificates/{{ nick }}.crt && sudo update-ca-certificates
# undo: sudo rm /usr/local/share/ca-certificates/{{ nick }}.crt && sudo update-ca-certificates --fresh
{%- elif system == "fedora" -%}
sudo cp {{ ca | shell }} /etc/pki/ca-trust/source/anchors/{{ nick }}.pem && sudo update-ca-trust
# undo: sudo rm /etc/pki/ca-trust/source/anchors/{{ nick }}.pem && sudo update-ca-trust
{%- elif system == "macos" -%}
sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {{ ca | shell }}
# undo: sudo security remove-trusted-cert -d {{ ca | shell }}
{%- elif system == "nss" -%}
certutil -d "sql:$HOME/.pki/nssdb" -A -t C,, -n {{ nick }} -i {{ ca | shell }}
# undo: certutil -d "sql:$HOME/.pki/nssdb" -D -n {{ nick }}
{%- else -%}
keytool -importcert -cacerts -noprompt -storepass changeit -alias {{ nick }} -file {{ ca | shell }}
# undo: keytool -delete -cacerts -storepass changeit -alias {{ nick }}
{%- endif %}
