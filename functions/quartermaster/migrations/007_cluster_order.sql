-- Clusters are renamed by their owners; operators set which clusters serve a tenant first.
grant update (name) on clusters to quartermaster;
grant delete on tenant_clusters to quartermaster;
